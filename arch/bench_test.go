package arch

import "testing"

// BenchmarkFormula measures closed-form cycle counts over shapes like those of
// real layers; layers/s is the figure to quote.
func BenchmarkFormula(b *testing.B) {
	shapes := []Shape{{12544, 64, 147}, {3136, 256, 64}, {784, 512, 1152}, {196, 1024, 2304}, {49, 2048, 4608}, {2048, 12288, 4096}, {2048, 4096, 11008}, {1, 32000, 4096}}
	for _, p := range Presets() {
		b.Run(p.Name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				for _, s := range shapes {
					if p.Config.Cycles(s, nil) < 1 {
						b.Fatal("no cycles")
					}
				}
				n += len(shapes)
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "layers/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
