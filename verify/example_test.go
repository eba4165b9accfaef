package verify_test

import (
	"context"
	"fmt"

	"tpe/arch"
	"tpe/verify"
)

// The reference evaluator and the Go executor on the same 20 jobs.
func ExampleRun() {
	cfg, err := arch.Load("systolic-ws", []string{"rows=3", "cols=2"})
	if err != nil {
		fmt.Println(err)
		return
	}
	engine, err := arch.Build(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	legs, err := verify.SelectLegs("eval,lanes")
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := verify.Run(context.Background(), engine, verify.Options{Cases: 20, Seed: 1, Legs: legs})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, l := range r.Legs {
		fmt.Printf("%s: %d words and %d cycle counts differ\n", l.Name, l.BitMismatches, l.CycleMismatches)
	}
	// Output:
	// formula: 0 words and 0 cycle counts differ
	// eval: 0 words and 0 cycle counts differ
	// lanes: 0 words and 0 cycle counts differ
}
