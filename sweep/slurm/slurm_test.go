package slurm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tpe/internal/tool"
	"tpe/internal/tool/tooltest"
	"tpe/sweep"
)

func TestRanges(t *testing.T) {
	for want, list := range map[string][]uint64{"": nil, "3": {3}, "0-2": {0, 1, 2}, "0-1,4,6-8": {0, 1, 4, 6, 7, 8}} {
		var shards []sweep.Shard
		for _, k := range list {
			shards = append(shards, sweep.Shard{K: k, S: 10})
		}
		if got := ranges(shards); got != want {
			t.Errorf("%v: %q, want %q", list, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	waiting, running := count("7_0 RUNNING\n7_1 PENDING\n7_2 COMPLETING\n7_3 REQUEUED\n\n")
	if waiting != 2 || running != 2 {
		t.Errorf("%d wait, %d run; want 2 and 2", waiting, running)
	}
}

// configuration is a cluster of two nodes on this machine, without root and munge.
const configuration = `ClusterName=loop
SlurmctldHost=%[1]s(127.0.0.1)
SlurmUser=%[2]s
SlurmdUser=%[2]s
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
SlurmctldPort=%[4]d
StateSaveLocation=%[3]s/state
SlurmdSpoolDir=%[3]s/spool/%%n
SlurmctldPidFile=%[3]s/run/slurmctld.pid
SlurmdPidFile=%[3]s/run/slurmd-%%n.pid
SlurmctldLogFile=%[3]s/log/slurmctld.log
SlurmdLogFile=%[3]s/log/slurmd-%%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=1,sched_interval=2
SwitchType=switch/none
ReturnToService=2
JobRequeue=1
MaxArraySize=101
KillWait=2
SlurmdTimeout=10
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[5]d CPUs=2 RealMemory=1000
NodeName=n2 NodeHostname=%[1]s NodeAddr=127.0.0.1 Port=%[6]d CPUs=2 RealMemory=1000
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`

// cluster starts a cluster for a test, and returns its folder.
func cluster(t *testing.T) string {
	t.Helper()
	tools := tooltest.Need(t, tool.Slurmctld, tool.Slurmd)
	ctld, slurmd := tools[0], tools[1]
	root := t.TempDir()
	for _, d := range []string{"run", "log", "state", "spool/n1", "spool/n2"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	host, _, _ = strings.Cut(host, ".")
	who, err := exec.Command("id", "-un").Output()
	if err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(root, "slurm.conf")
	text := fmt.Sprintf(configuration, host, strings.TrimSpace(string(who)), root, port(t), port(t), port(t))
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLURM_CONF", conf)
	t.Cleanup(func() {
		for _, name := range []string{"slurmd-n1", "slurmd-n2", "slurmctld"} {
			signal(root, name, syscall.SIGKILL)
		}
		_ = exec.Command("pkill", "-9", "-f", "slurmstepd.*"+root).Run() // none may be left
	})
	start := func(args ...string) {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	start(ctld.Path, "-i")
	time.Sleep(time.Second)
	start(slurmd.Path, "-N", "n1")
	start(slurmd.Path, "-N", "n2")
	for range 100 {
		out, _ := exec.Command("sinfo", "-h", "-o", "%T %D").Output()
		if strings.TrimSpace(string(out)) == "idle 2" {
			return root
		}
		time.Sleep(200 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(root, "log", "slurmd-n1.log"))
	t.Fatalf("the nodes of the cluster do not come up:\n%s", log)
	return ""
}

// port is one that is free.
func port(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// signal sends a signal to a daemon of the cluster.
func signal(root, name string, sig syscall.Signal) {
	b, err := os.ReadFile(filepath.Join(root, "run", name+".pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
		_ = syscall.Kill(pid, sig) // it may be gone
	}
}

// workers are the processes that evaluate shards of a folder.
func workers(dir string) []int {
	out, _ := exec.Command("pgrep", "-f", "^"+filepath.Join(dir, program)+" sweep worker").Output()
	var list []int
	for _, f := range strings.Fields(string(out)) {
		if pid, err := strconv.Atoi(f); err == nil {
			list = append(list, pid)
		}
	}
	return list
}

// A sweep on a cluster of which workers are killed (and, in a deep run, a node dies) is complete, is
// what one machine computes, and only missing shards are submitted again. A second driver finds nothing to do.
func TestCluster(t *testing.T) {
	root := cluster(t)
	shards, kills, rows, crash := uint64(6), 1, "{range: [1, 60]}", false
	if tooltest.IsDeep() {
		shards, kills, rows, crash = 20, 2, "{range: [1, 160]}", true
	}
	text := "engines: [systolic-os, systolic-ws]\nworkloads: [resnet50]\naxes: {rows: " + rows + ", cols: " + rows + ", overlap: [none, full]}\n"
	tpe := filepath.Join(t.TempDir(), "tpe")
	if out, err := exec.Command("go", "build", "-o", tpe, "tpe/cmd/tpe").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := filepath.Join(t.TempDir(), "run")
	file := dir + ".yaml"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := sweep.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	p := s.NewPlan(version(t, tpe), "")
	st, err := sweep.Create(dir, s, p)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var rounds []string
	opt := Options{Program: tpe, Shards: shards, Target: time.Minute, MaxRounds: 4, Poll: 300 * time.Millisecond, Grace: 300 * time.Millisecond,
		Notice: func(format string, args ...any) {
			if line := fmt.Sprintf(format, args...); strings.HasPrefix(line, "round") {
				rounds = append(rounds, line)
			}
		}}
	var killed atomic.Int32
	stop := make(chan bool)
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for int(killed.Load()) < kills {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			if list := workers(dir); len(list) > 0 && syscall.Kill(list[0], syscall.SIGKILL) == nil {
				killed.Add(1)
			}
		}
		if crash {
			signal(root, "slurmd-n2", syscall.SIGKILL)
			_ = exec.Command("pkill", "-9", "-f", "slurmstepd.*n2").Run() // those of the node, if any run
		}
	}()
	err = Run(context.Background(), dir, st, s, p, opt)
	close(stop)
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	if int(killed.Load()) != kills || len(rounds) < 2 || !strings.Contains(rounds[0], fmt.Sprintf(", %d of %d shards", shards, shards)) || strings.Contains(rounds[1], fmt.Sprintf(", %d of", shards)) {
		t.Errorf("%d workers were killed, rounds %q; want all shards at first and the missing ones then", killed.Load(), rounds)
	}
	before := len(rounds)
	if err := Run(context.Background(), dir, st, s, p, opt); err != nil || len(rounds) != before {
		t.Errorf("a second driver: %v, rounds %q", err, rounds[before:])
	}
	local := filepath.Join(t.TempDir(), "local")
	here, err := sweep.Create(local, s, p)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if _, err := sweep.Run(context.Background(), here, s, sweep.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if export(t, st) != export(t, here) {
		t.Error("the cluster's rows differ from those of one machine")
	}
}

func version(t *testing.T, tpe string) string {
	t.Helper()
	out, err := exec.Command(tpe, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	v := strings.TrimSuffix(strings.Fields(string(out))[1], ",")
	return v
}

func export(t *testing.T, st *sweep.Store) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := st.ExportCSV(path); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Without a cluster, and with one that refuses, the error says so.
func TestRefused(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	if _, err := command(context.Background(), "sbatch"); err == nil || !strings.Contains(err.Error(), "sbatch is missing: no cluster is reached from here") {
		t.Error(err)
	}
	fake := "#!/bin/sh\necho 'sbatch: error: Batch job submission failed: Invalid job array specification' >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(bin, "sbatch"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	d := &driver{dir: t.TempDir(), state: state{Shards: 3}}
	err := d.submit(context.Background(), []sweep.Shard{{K: 0, S: 3}})
	if err == nil || !strings.Contains(err.Error(), "Invalid job array specification") || errors.Is(err, ErrPartial) {
		t.Error(err)
	}
}
