// Conventions of the kernels: DI is the step; R8 the result, R9 to R11 the
// operands a, b, c; AX and BX are byte offsets; CX is the end of AX. Z31 is the
// mask, Z30 and Z29 are imm and imm2. A kernel may use AX to DX, SI, R8 to R11, R13 and all
// vector registers, and may process up to 63 lanes past the last, which all
// buffers have room for.

#define STEP_SIZE 120

#define KERNEL(NAME) TEXT NAME<>(SB), NOSPLIT|NOFRAME, $0-0

#define ARGS \
	MOVQ 8(DI), R8; \
	MOVQ 16(DI), R9; \
	MOVQ 24(DI), R10; \
	MOVQ 32(DI), R11; \
	VPBROADCASTQ 64(DI), Z31; \
	VPBROADCASTQ 72(DI), Z30; \
	XORL AX, AX; \
	XORL BX, BX

// BYTES makes AX run over the bytes of the result.
#define BYTES MOVQ 56(DI), CX

// NEXT ends a loop whose offset AX advances by one vector.
#define NEXT \
	ADDQ $64, AX; \
	CMPQ AX, CX; \
	JLT  loop; \
	RET

// NEXT2 is NEXT for kernels with vectors of two sizes: BX advances by STEP.
#define NEXT2(STEP) \
	ADDQ $STEP, BX; \
	NEXT

#define STORE VMOVDQU64 Z0, (R8)(AX*1)
