package workloads

// ImportOptions are what a user tells the importers beside the file. Their zero
// value leaves all to the file.
type ImportOptions struct {
	// Dims binds names to sizes: the symbolic dimensions of an ONNX graph, and
	// sizes that a file does not state, such as batch, seq, kv and tokens. Each
	// importer says which it knows.
	Dims map[string]int
	// Phase is "prefill", "decode" or empty for both.
	Phase string
	// Attention is "full" (also when empty: every query meets every key) or
	// "causal", which counts only half of causal score matrices.
	Attention string
	// SCALESim is used for SCALE-Sim topology files.
	SCALESim SCALESimOptions
}

// Dim returns the size of a name, or otherwise if it is not bound.
func (o ImportOptions) Dim(name string, otherwise int) int {
	if v, ok := o.Dims[name]; ok {
		return v
	}
	return otherwise
}
