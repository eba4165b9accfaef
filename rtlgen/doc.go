// Package rtlgen prints a hardware graph as Verilog.
//
// The text is a product, made to be read, reviewed and given to other tools. It
// is a pure function of the graph: the same graph gives the same bytes.
//
// # Language subset
//
// Strict Verilog-2005: ANSI module headers, wire and reg, assign, always
// @(posedge clk_i), generate loops with named blocks, functions, localparam.
// There are no attributes, no lint pragmas, no casts, no arrays but memories, no
// X or Z, no tasks and no hierarchical names. Every constant has a size, but for
// loop bounds and indices. Both sides of every assignment have the same width;
// extension is written out with {{n{x[msb]}}, x}. An operator whose result would
// depend on the context rules of Verilog (a product, an arithmetic shift) has
// a wire of its own. The text is free of warnings of verilator --lint-only -Wall,
// of iverilog -g2005 -Wall, and of yosys check -assert: bits that nothing reads
// end in a wire called _unused_ok, found by tracking each bit that is written
// into an expression.
//
// # Modules
//
// Each [hw.Module] becomes one module in a file of its name, instances keep
// their hierarchy. An instance placed over axes is a generate loop around one
// instance, and all operators of one shape share its loop, so a module has the
// same length at every array size. A port of width W over L lanes is
// [L*W-1:0] with lane 0 in the low bits. A module that holds state, contains
// assertions, or contains such a module has the ports clk_i and rst_ni, a
// synchronous reset, active low. What reaches no output and no assertion is not
// printed, and what is computed from constants is printed as a constant.
//
// Delays are instances of tpe_delay, whose depth is affine in the genvars.
// Memories are instances of a module per shape of memory, such as
// tpe_mem_512x32_fwd (512 words of 32 bits, forwarding), that can be replaced by
// a macro. Under `ifndef SYNTHESIS registers, memories and delays have initial
// values, because a graph starts with them, and assertions print
// "tpe assertion failed: <module>.<name>".
//
// The header of a file gives the first twelve hexadecimal digits of the SHA-256 of the
// module's text form (see [hw.WriteText]).
//
// # Names
//
// Names are those of the graph. A register r is r_q, and what it takes next
// r_d. A node without a name is called after what it drives (an output, a
// wire, a port of an instance or memory), else after its operator and its number
// among these, as add_3. A name that is a keyword, or that differs from an earlier one
// only in the case of letters, gets the first free suffix of _2, _3, and so on. Ports come
// first, then axes, then nodes in the order of the graph. An axis row of size 4 is the
// genvar row, the localparam ROW = 4 and the block g_row. Instances
// begin with u_; that of a delay is its net's name with _delay.
package rtlgen
