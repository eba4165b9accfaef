package page_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/report/arrayview"
	"tpe/report/page"
)

// data are 40 points of two engines on a curve, every fifth of which is on the front.
func data() *page.Data {
	d := &page.Data{Title: "a <title>", Command: "tpe sweep report x", Notes: []string{"a note & another"}, Total: 40, X: "area_um2", Y: "cycles",
		Metrics: []page.Metric{{Name: "area_um2", Unit: "um^2"}, {Name: "cycles"}, {Name: "utilization", Maximise: true}}, Axes: []string{"rows", "overlap"},
		Values: map[string][]float64{}, Settled: map[string][]string{}, Details: map[uint64][]page.Detail{}, Repeat: map[uint64][]string{},
		Workloads: []page.Workload{{Name: "net", Layers: []page.Layer{{Name: "conv1", M: 10, N: 20, K: 30, Count: 2}, {Name: "fc", M: 1, N: 1000, K: 512, Count: 1}}}}}
	for i := range 40 {
		d.Index = append(d.Index, uint64(100+i))
		d.Engine = append(d.Engine, []string{"systolic-ws", "cube"}[i%2])
		d.Front = append(d.Front, i%5 == 0)
		area := 1000 * float64(i+1)
		d.Values["area_um2"] = append(d.Values["area_um2"], area)
		d.Values["cycles"] = append(d.Values["cycles"], 1e9/area*(1+float64(i%5)/3))
		d.Values["utilization"] = append(d.Values["utilization"], 1/(1+float64(i%5)))
		d.Settled["rows"] = append(d.Settled["rows"], fmt.Sprint(8<<(i%3)))
		d.Settled["overlap"] = append(d.Settled["overlap"], map[bool]string{true: "full"}[i%2 == 0])
		if i%5 == 0 {
			d.Details[uint64(100+i)] = []page.Detail{{Kind: "exact", Cycles: []float64{100, 200}, Utilization: []float64{0.5, 0.25}}}
			d.Repeat[uint64(100+i)] = []string{fmt.Sprintf("tpe run --engine %d", i)}
		}
	}
	d.Array = &arrayview.View{Engine: "e", Job: "gemm 1x1x1", Rows: 1, Cols: 2, ColName: "col", States: []string{"b.", "s."},
		Registers: []arrayview.Register{{Name: "x_q", Width: 2, Values: [][]uint64{{1, 2}, {3, 0}}}, {Name: "sum_q", Width: 8, Values: [][]uint64{{255, 7}, {8, 128}}}}}
	return d
}

func write(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	if err := page.Write(&b, data()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page stands alone and is the same each time; what users wrote is no markup.
func TestWrite(t *testing.T) {
	text := write(t)
	if text != write(t) {
		t.Error("two pages of the same data differ")
	}
	for _, bad := range []string{"<title>a <title>", "src=\"http", "<link"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	d := data()
	d.Index = make([]uint64, page.Most+1)
	if err := page.Write(&bytes.Buffer{}, d); err == nil || err.Error() != "50001 points (expected at most 50000)" {
		t.Errorf("too many points: %v", err)
	}
}

// Third-party scripts and licences are what their hashes say.
func TestAssets(t *testing.T) {
	sums, err := os.ReadFile("assets/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, line := range strings.Split(strings.TrimSpace(string(sums)), "\n") {
		_, name, _ := strings.Cut(line, "  ")
		b, err := os.ReadFile(filepath.Join("assets", name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		got = append(got, hex.EncodeToString(sum[:])+"  "+name)
	}
	if d := cmp.Diff(strings.TrimSpace(string(sums)), strings.Join(got, "\n")); d != "" || len(got) != 6 {
		t.Errorf("hashes of %d assets (-want +got):\n%s", len(got), d)
	}
}

// In a browser: the list, filters, a click on a point, the front alone, other axes, the brush.
func TestBrowser(t *testing.T) {
	tooltest.Deep(t, "the report in headless Chromium: filters, clicks, brush")
	chrome := tooltest.Need(t, tool.Chromium)[0]
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, []byte(write(t)), 0o644); err != nil {
		t.Fatal(err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chrome.Path), chromedp.NoSandbox)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	defer stop()
	ctx, stop2 := chromedp.NewContext(alloc)
	defer stop2()
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	script := func(text string) chromedp.Action[chromedp.Void] { return chromedp.Evaluate[chromedp.Void](text) }
	choose := func(selector, value string) {
		t.Helper()
		do(script(fmt.Sprintf("(() => { const s = document.querySelector(%q); s.value = %q; s.dispatchEvent(new Event('change')); })()", selector, value)))
	}
	see := func(what, want string) {
		t.Helper()
		got := ""
		for range 50 {
			var err error
			if got, err = chromedp.Run(ctx, chromedp.Evaluate[string](what)); err != nil {
				t.Fatal(err)
			}
			if got == want {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Errorf("%s: %q, want %q", what, got, want)
	}
	count := `document.getElementById("count").textContent`
	do(chromedp.EmulateViewport(1280, 1000), chromedp.Navigate("file://"+path))
	see(`String(document.body.dataset.ready)`, "true")
	see(`document.getElementById("summary").textContent`, "40 points, 8 on the front")
	see(count, "(40)")
	see(`document.querySelector("#list tbody tr td").textContent`, "135") // of the front, with the fewest cycles
	grid := `[...document.querySelectorAll("#grid td")].map((d) => d.className + " " + d.textContent).join(", ")`
	see(grid, "busy -1, bubble 7")
	do(script(`(() => { const c = document.getElementById("cycle"); c.value = 1; c.dispatchEvent(new Event("input")); })()`))
	see(grid, "stall 8, bubble -128")
	choose("#register", "x_q")
	see(grid, "stall -1, bubble 0")
	do(chromedp.Click(`#engines input[value=cube]`))
	see(count, "(20)")
	choose("select[data-axis=rows]", "16")
	see(count, "(6)")
	do(chromedp.Click(`#frontonly`))
	see(count, "(1)")
	do(chromedp.Click(`#list tbody tr`))
	see(`document.getElementById("pointtitle").textContent`, "Point 110: systolic-ws, on the front")
	see(`document.getElementById("repeat").textContent`, "tpe run --engine 10")
	see(`document.querySelectorAll("#layers tr")[2].textContent`, "fc11,000512120025.0 %")
	do(chromedp.Click(`#frontonly`), chromedp.Click(`#engines input[value=cube]`))
	choose("#y", "utilization")
	see(`document.querySelector("#list tbody tr td").textContent`, "110")
	see(count, "(13)")
	// The brush: over the left half of the cloud.
	do(script(`(() => { const c = document.querySelector("#cloud canvas"), r = c.getBoundingClientRect();
		const at = (to, type, x, y) => to.dispatchEvent(new PointerEvent(type, { clientX: r.left + x * r.width, clientY: r.top + y * r.height, bubbles: true, view: window }));
		at(c, "pointermove", 0.2, 0.1); at(c, "pointerdown", 0.2, 0.1); at(window, "pointermove", 0.5, 0.5); at(window, "pointermove", 0.6, 0.7); at(window, "pointerup", 0.6, 0.7); })()`))

	see(`String(/inside the brush/.test(document.getElementById("count").textContent))`, "true")
}
