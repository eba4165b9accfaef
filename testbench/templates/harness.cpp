// The fixed Verilator harness of tpe. It plays stimulus on the valid/ready streams
// of a module and records what comes out and when, cycle by cycle as
// drive.MachineRunner does. What depends on the design is in tpe_ports.h.
//
// Usage: Vtpe PLAYS TRACES [VCD]   play all, write the traces
//        Vtpe PLAYS -bench CYCLES  play all over and over for that many cycles
//                                  and print the cycles and the nanoseconds of CPU time
//
// The file formats are described in exchange.go.
#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "Vtpe.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "port images are little-endian");

static uint64_t failures = 0;

int tpe_printf(const char* format, ...) {
  static const char mark[] = "tpe assertion failed: ";
  char text[512];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (strncmp(text, mark, sizeof mark - 1) == 0) {
    ++failures;
  } else {
    fputs(text, stderr);
  }
  return n;
}

[[noreturn]] static void fail(const char* what, const char* which) {
  fprintf(stderr, "tpe harness: %s: %s\n", what, which);
  exit(1);
}

// A data port: lanes words of width bits side by side, as the simulator holds it.
struct Field {
  uint8_t* port;
  size_t size;  // bytes of the port
  unsigned width, lanes, bytes;

  // pack makes the image of the port from the words of a beat.
  const uint8_t* pack(uint8_t* image, const uint8_t* beat) const {
    if (width == 8 * bytes) {
      memcpy(image, beat, size_t(lanes) * bytes);
      return beat + size_t(lanes) * bytes;
    }
    const uint64_t mask = ~uint64_t(0) >> (64 - width);
    for (size_t at = 0; at < size_t(lanes) * width; at += width, beat += bytes) {
      uint64_t word = 0;
      memcpy(&word, beat, bytes);
      unsigned __int128 v = static_cast<unsigned __int128>(word & mask) << (at % 8);
      for (uint8_t* p = image + at / 8; v != 0; v >>= 8) *p++ |= static_cast<uint8_t>(v);
    }
    return beat;
  }

  // unpack is the reverse of pack.
  uint8_t* unpack(uint8_t* beat, const uint8_t* image) const {
    if (width == 8 * bytes) {
      memcpy(beat, image, size_t(lanes) * bytes);
      return beat + size_t(lanes) * bytes;
    }
    const uint64_t mask = ~uint64_t(0) >> (64 - width);
    for (size_t at = 0; at < size_t(lanes) * width; at += width, beat += bytes) {
      unsigned __int128 v = 0;
      memcpy(&v, image + at / 8, (at % 8 + width + 7) / 8);
      uint64_t word = static_cast<uint64_t>(v >> (at % 8)) & mask;
      memcpy(beat, &word, bytes);
    }
    return beat;
  }
};

struct Stream {
  CData* valid;
  CData* ready;
  std::vector<Field> fields;
  size_t beat_bytes = 0;   // of a beat in the file
  size_t image_bytes = 0;  // of the images of all ports

  void measure() {
    for (const Field& f : fields) {
      beat_bytes += size_t(f.lanes) * f.bytes;
      image_bytes += f.size;
    }
  }
};

#define TPE_FIELD(port, width, lanes, bytes) \
  Field { reinterpret_cast<uint8_t*>(&(port)), sizeof(port), width, lanes, bytes }

// tpe_ports.h defines TPE_CLOCKED and
//   static void bind(Vtpe& top, std::vector<Stream>& in, Stream& out, std::vector<Field>& idle);
#include "tpe_ports.h"

struct Pattern {
  const uint8_t* data;
  uint64_t size;
  bool on(uint64_t cycle) const { return size == 0 || data[cycle % size] != 0; }
};

struct Play {
  uint64_t reset, results, cut, limit;
  std::vector<const uint8_t*> images;  // per stream: the port images of its beats
  std::vector<uint64_t> beats;         // per stream: how many
  std::vector<Pattern> valid;
  Pattern ready;
  std::vector<std::vector<uint8_t>> storage;
};

struct Trace {
  uint64_t cycles = 0, failures = 0;
  std::vector<int64_t> first, taken, at;
  std::vector<uint8_t> images;  // of the result ports, a beat after the other

  void clear(size_t streams) {
    cycles = failures = 0;
    first.assign(streams, -1);
    taken.assign(streams, 0);
    at.clear();
    images.clear();
  }
};

class Input {
 public:
  explicit Input(const char* path) {
    FILE* f = fopen(path, "rb");
    if (f == nullptr) fail("cannot open", path);
    uint8_t buf[65536];
    for (size_t n; (n = fread(buf, 1, sizeof buf, f)) > 0;) text_.insert(text_.end(), buf, buf + n);
    fclose(f);
  }
  const uint8_t* bytes(uint64_t n) {
    if (n > text_.size() - at_) fail("plays are cut short", "");
    at_ += n;
    return text_.data() + at_ - n;
  }
  uint64_t num() {
    uint64_t v;
    memcpy(&v, bytes(8), 8);
    return v;
  }
  size_t tell() const { return at_; }
  void seek(size_t at) { at_ = at; }

 private:
  std::vector<uint8_t> text_;
  size_t at_ = 0;
};

class Output {
 public:
  explicit Output(const char* path) : file_(fopen(path, "wb")) {
    if (file_ == nullptr) fail("cannot create", path);
  }
  void bytes(const void* p, size_t n) {
    if (n > 0 && fwrite(p, 1, n, file_) != n) fail("cannot write", "traces");
  }
  void num(uint64_t v) { bytes(&v, 8); }
  void close() {
    if (fclose(file_) != 0) fail("cannot write", "traces");
  }

 private:
  FILE* file_;
};

class Bench {
 public:
  explicit Bench(const char* vcd) : top_(&context_) {
    bind(top_, in_, out_, idle_);
    for (Stream& s : in_) s.measure();
    out_.measure();
    for (const Field& f : idle_) memset(f.port, 0, f.size);
    for (const Stream& s : in_) load(s, nullptr);
    *out_.ready = 0;
#if TPE_CLOCKED
    top_.clk_i = 0;
    top_.rst_ni = 1;
#endif
#if VM_TRACE
    if (vcd != nullptr) {
      context_.traceEverOn(true);
      top_.trace(&vcd_, 99);
      vcd_.open(vcd);
    }
#else
    if (vcd != nullptr) fail("was built without --trace", vcd);
#endif
  }

  ~Bench() {
#if VM_TRACE
    vcd_.close();
#endif
    top_.final();
  }

  // header checks that a file was written for this design and returns its plays.
  uint64_t header(Input& f) const {
    if (memcmp(f.bytes(8), "TPEPLAY\x01", 8) != 0) fail("not a file of plays of this version", "");
    if (f.num() != in_.size()) fail("plays of another design", "");
    for (const Stream& s : in_) {
      if (f.num() != s.beat_bytes) fail("plays of another design", "");
    }
    if (f.num() != out_.beat_bytes) fail("plays of another design", "");
    return f.num();
  }

  void read(Input& f, Play& p) const {
    const size_t n = in_.size();
    p.images.resize(n), p.beats.resize(n), p.valid.resize(n), p.storage.resize(n);
    p.reset = f.num(), p.results = f.num(), p.cut = f.num(), p.limit = f.num();
    std::vector<uint64_t> size(n);
    for (size_t s = 0; s < n; s++) size[s] = f.num(), p.valid[s].size = f.num();
    p.ready.size = f.num();
    for (size_t s = 0; s < n; s++) {
      const uint8_t* beat = f.bytes(size[s]);
      p.valid[s].data = f.bytes(p.valid[s].size);
      // A stream without data has no bytes to count: it is always willing.
      p.beats[s] = in_[s].beat_bytes == 0 ? ~uint64_t(0) : size[s] / in_[s].beat_bytes;
      if (in_[s].beat_bytes == 0) continue;
      p.storage[s].assign(p.beats[s] * in_[s].image_bytes + 16, 0);
      uint8_t* image = p.storage[s].data();
      for (uint64_t b = 0; b < p.beats[s]; b++) {
        for (const Field& fd : in_[s].fields) beat = fd.pack(image, beat), image += fd.size;
      }
      p.images[s] = p.storage[s].data();
    }
    p.ready.data = f.bytes(p.ready.size);
  }

  // play runs one play and reports whether it ended within its limit.
  bool play(const Play& p, Trace& t) {
    const size_t n = in_.size();
    const uint64_t failed = failures;
    t.clear(n);
    reset(p.reset);
    loaded_.assign(n, -2);  // the beat at the ports; -1: zeros
    for (; p.cut == 0 || t.cycles < p.cut; t.cycles++) {
      if (p.cut == 0 && t.at.size() >= p.results) break;
      if (p.limit > 0 && t.cycles >= p.limit) return false;
      for (size_t s = 0; s < n; s++) {
        const uint64_t k = static_cast<uint64_t>(t.taken[s]);
        const int64_t next = k < p.beats[s] && p.valid[s].on(t.cycles) ? t.taken[s] : -1;
        if (next == loaded_[s]) continue;
        loaded_[s] = next;
        *in_[s].valid = next >= 0;
        load(in_[s], next < 0 ? nullptr : p.images[s] + k * in_[s].image_bytes);
      }
      const bool want = p.ready.on(t.cycles) && t.at.size() < p.results;
      *out_.ready = want;
      settle();
      for (size_t s = 0; s < n; s++) {
        if (loaded_[s] < 0 || !*in_[s].ready) continue;
        if (t.taken[s]++ == 0) t.first[s] = static_cast<int64_t>(t.cycles);
      }
      if (want && *out_.valid) {
        t.at.push_back(static_cast<int64_t>(t.cycles));
        for (const Field& f : out_.fields) t.images.insert(t.images.end(), f.port, f.port + f.size);
      }
      step();
    }
    t.failures = failures - failed;
    return true;
  }

  void write(Output& f, bool ended, const Trace& t) const {
    f.num(ended ? 1 : 2);
    f.num(t.cycles);
    f.num(t.failures);
    for (size_t s = 0; s < in_.size(); s++) {
      f.num(static_cast<uint64_t>(t.first[s]));
      f.num(static_cast<uint64_t>(t.taken[s]));
    }
    f.num(t.at.size());
    f.bytes(t.at.data(), 8 * t.at.size());
    std::vector<uint8_t> images(t.images), beat(out_.beat_bytes);
    images.resize(images.size() + 16);
    const uint8_t* image = images.data();
    for (size_t k = 0; k < t.at.size(); k++) {
      uint8_t* to = beat.data();
      for (const Field& fd : out_.fields) to = fd.unpack(to, image), image += fd.size;
      f.bytes(beat.data(), beat.size());
    }
  }

 private:
  static void load(const Stream& s, const uint8_t* image) {
    for (const Field& f : s.fields) {
      if (image == nullptr) {
        memset(f.port, 0, f.size);
      } else {
        memcpy(f.port, image, f.size);
        image += f.size;
      }
    }
  }

  void reset(uint64_t edges) {
    if (edges == 0) return;
    for (const Stream& s : in_) {
      *s.valid = 0;
      load(s, nullptr);
    }
    *out_.ready = 0;
#if TPE_CLOCKED
    top_.rst_ni = 0;
#endif
    for (uint64_t k = 0; k < edges; k++) settle(), step();
#if TPE_CLOCKED
    top_.rst_ni = 1;
#endif
  }

  void settle() {
#if TPE_CLOCKED
    top_.clk_i = 0;
#endif
    top_.eval();
    dump();
  }

  void step() {
#if TPE_CLOCKED
    top_.clk_i = 1;
    top_.eval();
    dump();
#endif
  }

  void dump() {
#if VM_TRACE
    if (vcd_.isOpen()) vcd_.dump(time_);
    time_ += 5;
#endif
  }

  VerilatedContext context_;
  Vtpe top_;
  std::vector<Stream> in_;
  Stream out_;
  std::vector<Field> idle_;
  std::vector<int64_t> loaded_;
#if VM_TRACE
  VerilatedVcdC vcd_;
  uint64_t time_ = 0;
#endif
};

static int64_t cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc < 3) fail("usage", "Vtpe PLAYS TRACES [VCD] | Vtpe PLAYS -bench CYCLES");
  const bool bench = argc == 4 && strcmp(argv[2], "-bench") == 0;
  Input plays(argv[1]);
  Bench b(!bench && argc > 3 ? argv[3] : nullptr);
  const uint64_t count = b.header(plays);
  uint64_t cycles = 0;
  int64_t cpu = 0;
  Play p;
  Trace t;
  const auto timed = [&] {
    const int64_t start = cpu_ns();
    const bool ended = b.play(p, t);
    cpu += cpu_ns() - start;
    cycles += t.cycles;
    return ended;
  };
  if (bench) {
    const uint64_t wanted = strtoull(argv[3], nullptr, 10);
    const size_t start = plays.tell();
    while (cycles < wanted) {
      const uint64_t before = cycles;
      plays.seek(start);
      for (uint64_t k = 0; k < count; k++) {
        b.read(plays, p);
        if (!timed()) fail("a play passed its limit", "");
      }
      if (cycles == before) fail("the plays take no cycles", "");
    }
    printf("%llu %lld\n", static_cast<unsigned long long>(cycles), static_cast<long long>(cpu));
    return 0;
  }
  Output out(argv[2]);
  out.bytes("TPETRAC\x01", 8);
  for (uint64_t k = 0; k < count; k++) {
    b.read(plays, p);
    const bool ended = timed();
    b.write(out, ended, t);
    if (!ended) break;
  }
  out.num(0);
  out.num(cycles);
  out.num(static_cast<uint64_t>(cpu));
  out.close();
  return 0;
}
