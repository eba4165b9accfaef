package infer

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tpe/workloads"
)

// Recipe says how the operands of an engine become codes, beyond the plain way: A with a scale for each row (token), B with one
// for each column (output channel), or for each group and column where the engine takes scales.
type Recipe struct {
	Group      int     // k with one scale of B; a product for each group where the engine has none. 0: all
	Weights    string  // "", WeightsTernary or WeightsOneBit
	Outliers   float64 // columns of A with a magnitude of at least this are multiplied exactly (LLM.int8()); 0: none
	LQER       int     // rank of the correction of the codes of weights
	SVDQuant   int     // rank of the product taken out of the weights before they are coded
	N, M       int     // of M consecutive k of the weights, N are not zero; 0: all
	Prune      float64 // share of the weights made zero
	GPTQ       bool    // weights rounded for the activations that they meet (see [Engine.Calibrate])
	LinearOnly bool    // products of activations (attention) stay exact
}

// Ways to code weights that have scales of their own.
const (
	WeightsTernary = "ternary" // BitNet b1.58
	WeightsOneBit  = "onebit"  // OneBit
)

const recipeForms = "group:K, ternary, onebit, outliers:X, lqer:R, svdquant:R, gptq, sparse:N:M, prune:P, linear or plain, joined by +"

// ParseRecipe reads a list joined by "+":
//
//	plain       nothing of the following
//	group:K     groups of K along k, each with a scale of B
//	ternary     weights -1, 0, 1 by their mean magnitude (BitNet b1.58)
//	onebit      weights -1, 1 with a factor for each row and column (OneBit)
//	outliers:X  columns of activations with a magnitude of at least X apart, exactly (LLM.int8())
//	lqer:R      a correction of rank R of the coded weights (LQER)
//	svdquant:R  the first R singular values of the weights apart (SVDQuant)
//	gptq        weights rounded so that errors make up for each other on the activations of the task itself (GPTQ); B unsigned
//	sparse:N:M  of M consecutive weights along k, the N largest
//	prune:P     a share P of the weights zero, the smallest
//	linear      products of activations with each other stay exact
func ParseRecipe(text string) (Recipe, error) {
	var r Recipe
	var errs []error
	for _, part := range strings.Split(text, "+") {
		word, arg, _ := strings.Cut(strings.TrimSpace(part), ":")
		bad := func(want string) {
			errs = append(errs, fmt.Errorf("bad quantisation: %q (expected %s)", part, want))
		}
		whole := func(dst *int, most int) {
			v, err := strconv.Atoi(arg)
			if err != nil || v < 1 || v > most {
				bad(fmt.Sprintf("%s:N with N of 1..%d", word, most))
			}
			*dst = v
		}
		number := func(dst *float64, most float64) {
			v, err := strconv.ParseFloat(arg, 64)
			if err != nil || !(v > 0 && v <= most) {
				bad(fmt.Sprintf("%s:X with X above 0 and at most %g", word, most))
			}
			*dst = v
		}
		switch word {
		case "plain":
		case "linear":
			r.LinearOnly = true
		case "gptq":
			r.GPTQ = true
		case WeightsTernary, WeightsOneBit:
			r.Weights = word
		case "group":
			whole(&r.Group, 1<<16)
		case "lqer":
			whole(&r.LQER, 1<<12)
		case "svdquant":
			whole(&r.SVDQuant, 1<<12)
		case "outliers":
			number(&r.Outliers, 1e30)
		case "prune":
			number(&r.Prune, 1)
		case "sparse":
			var err error
			if r.N, r.M, err = workloads.ParseSparsity(arg); err != nil {
				errs = append(errs, err)
			}
		default:
			bad(recipeForms)
		}
	}
	return r, errors.Join(errs...)
}

// String returns the recipe in the form that [ParseRecipe] reads.
func (r Recipe) String() string {
	var parts []string
	put := func(on bool, format string, args ...any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	put(r.Group > 0, "group:%d", r.Group)
	put(r.Weights != "", "%s", r.Weights)
	put(r.Outliers > 0, "outliers:%g", r.Outliers)
	put(r.LQER > 0, "lqer:%d", r.LQER)
	put(r.SVDQuant > 0, "svdquant:%d", r.SVDQuant)
	put(r.GPTQ, "gptq")
	put(r.M > 0, "sparse:%d:%d", r.N, r.M)
	put(r.Prune > 0, "prune:%g", r.Prune)
	put(r.LinearOnly, "linear")
	if len(parts) == 0 {
		return "plain"
	}
	return strings.Join(parts, "+")
}
