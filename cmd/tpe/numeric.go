package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"tpe/numeric"
	"tpe/numeric/vectors"
)

type numericCmd struct {
	Check numericCheckCmd `cmd:"" help:"Compare arithmetic with lines in TestFloat's form: operands, result, flags."`
	Dot   numericDotCmd   `cmd:"" help:"Compare a tensor core's model with recorded dot products."`
}

// numericResult is what both commands print with --json.
type numericResult struct {
	Function string `json:"function,omitempty"`
	Rounding string `json:"rounding,omitempty"`
	Engine   string `json:"engine,omitempty"`
	*vectors.Result
}

type numericCheckCmd struct {
	Function string `arg:"" placeholder:"F" help:"A function such as f16_mulAdd, bf16_add or f32_to_e4m3."`
	Rounding string `default:"near_even" placeholder:"R" help:"near_even, minMag, min, max, near_maxMag or odd."`
	Saturate bool   `help:"Overflow and infinity become the largest finite number."`
	Vectors  string `default:"-" placeholder:"FILE" help:"File to read instead of standard input; may be gzip."`
	outputFlags
}

// Run implements the command.
func (c *numericCheckCmd) Run(e *env) error {
	f, err := vectors.ParseFunction(c.Function)
	if err != nil {
		return err
	}
	r, err := numeric.ParseRounding(c.Rounding)
	if err != nil {
		return fmt.Errorf("--rounding: %w", err)
	}
	if r == numeric.Stochastic {
		return fmt.Errorf("--rounding: not a mode of TestFloat: %q (expected near_even, minMag, min, max, near_maxMag or odd)", c.Rounding)
	}
	in, name, err := openInput(c.Vectors)
	if err != nil {
		return err
	}
	defer in.Close()
	res, err := vectors.Check(in, name, f, &numeric.Env{Rounding: r, Saturate: c.Saturate})
	if err != nil {
		return err
	}
	return printMismatches(e, &c.outputFlags, numericResult{Function: f.Name, Rounding: r.String(), Result: res})
}

type numericDotCmd struct {
	Engine              string `required:"" placeholder:"E" help:"A tensor core: tc-<gpu>-<input>-<output>[-mma]."`
	Vectors             string `required:"" placeholder:"FILE" help:"Recorded dot products, tensorcore-vectors 1; - is standard input; may be gzip."`
	ZeroProductExponent bool   `help:"Let products of zero take part in the greatest exponent."`
	outputFlags
}

// Run implements the command.
func (c *numericDotCmd) Run(e *env) error {
	core, err := numeric.FindTensorCore(c.Engine)
	if err != nil {
		return fmt.Errorf("--engine: %w", err)
	}
	core.Unit.ZeroProductExponent = c.ZeroProductExponent
	in, name, err := openInput(c.Vectors)
	if err != nil {
		return err
	}
	defer in.Close()
	rec, err := vectors.Open(in, name)
	if err != nil {
		return err
	}
	if core, err = rec.Unit(core); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	res, err := vectors.Dot(rec, core.Unit)
	if err != nil {
		return err
	}
	return printMismatches(e, &c.outputFlags, numericResult{Engine: core.Name, Result: res})
}

// openInput opens a file, or standard input for "-".
func openInput(path string) (io.ReadCloser, string, error) {
	if path == "-" {
		return io.NopCloser(os.Stdin), "stdin", nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", fmt.Errorf("--vectors: %w", err)
	}
	return f, path, nil
}

func printMismatches(e *env, o *outputFlags, r numericResult) error {
	if r.Vectors == 0 {
		return fmt.Errorf("no vectors: %d (expected at least one line)", 0)
	}
	rows := func() [][]string {
		out := [][]string{{"line", "operands", "recorded", "computed", "flags_recorded", "flags_computed"}}
		for _, m := range r.First {
			out = append(out, []string{fmt.Sprint(m.Line), strings.Join(m.Operands, " "), m.Want, m.Got, m.WantFlags, m.GotFlags})
		}
		return out
	}
	err := o.emit(e, r, rows, func(w io.Writer) error {
		if r.Mismatches > 0 {
			if err := (&table{rows()}).write(w); err != nil {
				return err
			}
		}
		what := r.Engine
		if what == "" {
			what = r.Function + " " + r.Rounding
		}
		_, err := fmt.Fprintf(w, "%s: %s vectors, %s mismatches\n", what, count(r.Vectors), count(r.Mismatches))
		return err
	})
	if err == nil && r.Mismatches > 0 {
		return errCheck
	}
	return err
}
