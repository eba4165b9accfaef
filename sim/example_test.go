package sim_test

import (
	"context"
	"fmt"

	"tpe/arch"
	"tpe/sim"
	"tpe/workloads"
)

// A matrix product on a small array, every word compared with the software GEMM.
func ExampleRun() {
	cfg, err := arch.Load("systolic-os", []string{"rows=4", "cols=4"})
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := arch.Build(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	w, err := workloads.Lookup("gemm:8x4x9*3")
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := workloads.ParseDataSet("full")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := sim.Run(context.Background(), engine, w, sim.Options{
		Fidelity: sim.Cycle, Check: sim.CheckAll, Data: data, Seed: 1, Executor: sim.Lanes})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d MACs in %d cycles, utilisation %.2f; %d words checked, %d differ\n",
		r.Total.MACs, r.Total.Cycles, r.Total.Utilization, r.Total.Checked, r.Total.Mismatches)
	// Output:
	// 864 MACs in 90 cycles, utilisation 0.60; 96 words checked, 0 differ
}
