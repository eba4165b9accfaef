package rtlgen

import (
	"strconv"
	"strings"
)

// namer hands out identifiers that are unique without regard to case and are
// no keywords.
type namer map[string]bool

// fresh returns name, or name with the first free suffix _2, _3, ...
func (u namer) fresh(name string) string {
	out := name
	for k := 2; u[strings.ToLower(out)] || isKeyword(out); k++ {
		out = name + "_" + strconv.Itoa(k)
	}
	u[strings.ToLower(out)] = true
	return out
}

// legal makes an identifier of any string.
func legal(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '_', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', i > 0 && '0' <= r && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
	}
	if b.Len() == 0 {
		return "x"
	}
	return b.String()
}

// stem removes the direction of a port's name.
func stem(name string) string {
	for _, suffix := range []string{"_i", "_o", "_q", "_d"} {
		if s, ok := strings.CutSuffix(name, suffix); ok && s != "" {
			return s
		}
	}
	return name
}

// keywords are the reserved words of Verilog-2005 and of SystemVerilog-2012,
// because the text may be compiled together with newer sources.
const keywords = ` accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
 before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking
 cmos config const constraint context continue cover covergroup coverpoint cross deassign default defparam design
 disable dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup
 endinterface endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable endtask enum
 event eventually expect export extends extern final first_match for force foreach forever fork forkjoin function
 generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import incdir include
 initial inout input inside instance int integer interconnect interface intersect join join_any join_none large let
 liblist library local localparam logic longint macromodule matches medium modport module nand negedge nettype new
 nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos posedge primitive
 priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand
 randc randcase randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran
 rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal
 showcancelled signed small soft solve specify specparam static string strong strong0 strong1 struct super supply0
 supply1 sync_accept_on sync_reject_on table tagged task this throughout time timeprecision timeunit tran tranif0
 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped use
 uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
 `

func isKeyword(s string) bool {
	return strings.Contains(strings.ReplaceAll(keywords, "\n", " "), " "+s+" ")
}
