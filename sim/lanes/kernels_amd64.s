#include "textflag.h"
#include "asm_amd64.h"

// Kernels whose result and operands have lanes of one size.

// func runSteps(first *step, n int)
TEXT ·runSteps(SB), NOSPLIT, $8-16
	MOVQ first+0(FP), DI
	MOVQ n+8(FP), R12
again:
	MOVQ 0(DI), AX
	CALL AX
	ADDQ $STEP_SIZE, DI
	DECQ R12
	JNZ  again
	VZEROUPPER
	RET

#define UNARY(NAME, OPS) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
	VPXORQ Z29, Z29, Z29; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	OPS; \
	STORE; \
	NEXT

#define BINARY(NAME, OP) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	OP (R10)(AX*1), Z0, Z0; \
	STORE; \
	NEXT

// MASKED is BINARY with the result cut to its width.
#define MASKED(NAME, OP) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	OP (R10)(AX*1), Z0, Z0; \
	VPANDQ Z31, Z0, Z0; \
	STORE; \
	NEXT

// FLIPPED is BINARY with the sign bits of operands and result flipped.
#define FLIPPED(NAME, OP) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VPXORQ (R9)(AX*1), Z30, Z0; \
	VPXORQ (R10)(AX*1), Z30, Z1; \
	OP Z1, Z0, Z0; \
	VPXORQ Z30, Z0, Z0; \
	STORE; \
	NEXT

#define TERNARY(NAME, TABLE, OPS) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	VMOVDQU64 (R10)(AX*1), Z1; \
	VPTERNLOGQ $TABLE, (R11)(AX*1), Z1, Z0; \
	OPS; \
	STORE; \
	NEXT

#define NOTHING XORL DX, DX
#define FLIP VPXORQ Z31, Z0, Z0

UNARY(kCopy, NOTHING)
UNARY(kNot, FLIP)
BINARY(kAnd, VPANDQ)
BINARY(kOr, VPORQ)
BINARY(kXor, VPXORQ)
TERNARY(kXor3, 0x96, NOTHING)
TERNARY(kMaj, 0xe8, NOTHING)

#define CSAC(ADD) ADD Z0, Z0, Z0; VPANDQ Z31, Z0, Z0
TERNARY(kCsaC8, 0xe8, CSAC(VPADDB))
TERNARY(kCsaC16, 0xe8, CSAC(VPADDW))
TERNARY(kCsaC32, 0xe8, CSAC(VPADDD))
TERNARY(kCsaC64, 0xe8, CSAC(VPADDQ))

#define NEG(SUB) SUB Z0, Z29, Z0; VPANDQ Z31, Z0, Z0
UNARY(kNeg8, NEG(VPSUBB))
UNARY(kNeg16, NEG(VPSUBW))
UNARY(kNeg32, NEG(VPSUBD))
UNARY(kNeg64, NEG(VPSUBQ))

MASKED(kAdd8, VPADDB)
MASKED(kAdd16, VPADDW)
MASKED(kAdd32, VPADDD)
MASKED(kAdd64, VPADDQ)
MASKED(kSub8, VPSUBB)
MASKED(kSub16, VPSUBW)
MASKED(kSub32, VPSUBD)
MASKED(kSub64, VPSUBQ)
// Products of bytes: of the even ones and of the odd ones, as words of 16 bits.
KERNEL(kMul8)
	ARGS
	BYTES
	MOVQ $0xff00ff00ff00ff00, DX
	VPBROADCASTQ DX, Z29
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	VMOVDQU64 (R10)(AX*1), Z1
	VPMULLW Z1, Z0, Z2
	VPANDQ Z29, Z0, Z0
	VPSRLW $8, Z1, Z1
	VPMULLW Z1, Z0, Z0
	VPTERNLOGQ $0xe2, Z2, Z29, Z0
	VPANDQ Z31, Z0, Z0
	STORE
	NEXT

MASKED(kMul16, VPMULLW)
MASKED(kMul32, VPMULLD)
MASKED(kMul64, VPMULLQ)

FLIPPED(kMin8, VPMINUB)
FLIPPED(kMin16, VPMINUW)
FLIPPED(kMin32, VPMINUD)
FLIPPED(kMin64, VPMINUQ)
FLIPPED(kMax8, VPMAXUB)
FLIPPED(kMax16, VPMAXUW)
FLIPPED(kMax32, VPMAXUD)
FLIPPED(kMax64, VPMAXUQ)

// CAT shifts a left by imm and joins b.
#define CAT(NAME, SHIFT) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	SHIFT X30, Z0, Z0; \
	VPORQ (R10)(AX*1), Z0, Z0; \
	STORE; \
	NEXT

CAT(kCat8, VPSLLW)
CAT(kCat16, VPSLLW)
CAT(kCat32, VPSLLD)
CAT(kCat64, VPSLLQ)

// CONV shifts a right by imm, extends the sign bit imm2 and cuts to the width.
#define CONV(SHIFT, SUB) \
	SHIFT X30, Z0, Z0; \
	VPXORQ Z29, Z0, Z0; \
	SUB Z29, Z0, Z0; \
	VPANDQ Z31, Z0, Z0

#define CONVSAME(NAME, SHIFT, SUB) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
	VPBROADCASTQ 80(DI), Z29; \
loop: \
	VMOVDQU64 (R9)(AX*1), Z0; \
	CONV(SHIFT, SUB); \
	STORE; \
	NEXT

CONVSAME(kConv8, VPSRLW, VPSUBB)
CONVSAME(kConv16, VPSRLW, VPSUBW)
CONVSAME(kConv32, VPSRLD, VPSUBD)
CONVSAME(kConv64, VPSRLQ, VPSUBQ)

// kSel copies b or c as the word a says.
KERNEL(kSel)
	ARGS
	BYTES
	CMPQ (R9), $0
	CMOVQEQ R11, R10
loop:
	VMOVDQU64 (R10)(AX*1), Z0
	STORE
	NEXT

#define FILL(NAME, BROADCAST) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
	BROADCAST (R9), Z0; \
loop: \
	STORE; \
	NEXT

FILL(kFill8, VPBROADCASTB)
FILL(kFill16, VPBROADCASTW)
FILL(kFill32, VPBROADCASTD)
FILL(kFill64, VPBROADCASTQ)

// Rows of 16, 32 or 64 bytes, repeated; a shorter row is a word for FILL.
FILL(kTile16, VBROADCASTI32X4)
FILL(kTile32, VBROADCASTI64X4)
FILL(kTile64, VMOVDQU64)

// kRows copies BYTES(56) rows of n bytes; imm and imm2 are the distances of rows.
KERNEL(kRows)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 56(DI), DX
row:
	MOVQ 48(DI), CX
	XORL AX, AX
	CMPQ CX, $64
	JLT  small
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	VMOVDQU64 Z0, (R8)(AX*1)
	ADDQ $64, AX
	LEAQ 64(AX), BX
	CMPQ BX, CX
	JLE  loop
	CMPQ AX, CX
	JEQ  next
	VMOVDQU64 -64(R9)(CX*1), Z0
	VMOVDQU64 Z0, -64(R8)(CX*1)
	JMP  next
small:
	CMPQ CX, $32
	JLT  small16
	VMOVDQU (R9), Y0
	VMOVDQU -32(R9)(CX*1), Y1
	VMOVDQU Y0, (R8)
	VMOVDQU Y1, -32(R8)(CX*1)
	JMP  next
small16:
	CMPQ CX, $16
	JLT  small8
	VMOVDQU (R9), X0
	VMOVDQU -16(R9)(CX*1), X1
	VMOVDQU X0, (R8)
	VMOVDQU X1, -16(R8)(CX*1)
	JMP  next
small8:
	CMPQ CX, $8
	JLT  small4
	MOVQ (R9), AX
	MOVQ -8(R9)(CX*1), BX
	MOVQ AX, (R8)
	MOVQ BX, -8(R8)(CX*1)
	JMP  next
small4:
	CMPQ CX, $4
	JLT  small2
	MOVL (R9), AX
	MOVL -4(R9)(CX*1), BX
	MOVL AX, (R8)
	MOVL BX, -4(R8)(CX*1)
	JMP  next
small2:
	CMPQ CX, $2
	JLT  small1
	MOVW (R9), AX
	MOVW -2(R9)(CX*1), BX
	MOVW AX, (R8)
	MOVW BX, -2(R8)(CX*1)
	JMP  next
small1:
	MOVB (R9), BX
	MOVB BX, (R8)
next:
	ADDQ 72(DI), R8
	ADDQ 80(DI), R9
	DECQ DX
	JNZ  row
	RET

#define SCATTER(NAME, MOV) \
KERNEL(NAME); \
	MOVQ 8(DI), R8; \
	MOVQ 16(DI), R9; \
	MOVQ 56(DI), CX; \
	MOVQ 72(DI), R10; \
	MOVQ 80(DI), R11; \
loop: \
	MOV (R9), AX; \
	MOV AX, (R8); \
	ADDQ R10, R8; \
	ADDQ R11, R9; \
	DECQ CX; \
	JNZ loop; \
	RET

SCATTER(kScatter8, MOVB)
SCATTER(kScatter16, MOVW)
SCATTER(kScatter32, MOVL)
SCATTER(kScatter64, MOVQ)

// RUN repeats each element: runs of n bytes, as many as bytes. Short runs are stored with
// what is too much, over which the next run is written; the last ones, which could reach another
// buffer, under a mask.
#define RUN(NAME, BROADCAST, SIZE) \
KERNEL(NAME); \
	MOVQ 8(DI), R8; \
	MOVQ 16(DI), R9; \
	MOVQ 48(DI), CX; \
	MOVQ 56(DI), DX; \
	MOVQ CX, BX; \
	ANDQ $-64, BX; \
	MOVQ $1, SI; \
	SHLQ CX, SI; \
	DECQ SI; \
	KMOVQ SI, K1; \
	MOVQ CX, R10; \
	IMULQ DX, R10; \
	ADDQ R8, R10; \
	CMPQ CX, $32; \
	JGT row; \
	CMPQ CX, $16; \
	JGT middle; \
	SUBQ $16, R10; \
short: \
	CMPQ R8, R10; \
	JGT row; \
	BROADCAST (R9), Z0; \
	VMOVDQU X0, (R8); \
	ADDQ $SIZE, R9; \
	ADDQ CX, R8; \
	DECQ DX; \
	JNZ short; \
	RET; \
middle: \
	SUBQ $32, R10; \
again: \
	CMPQ R8, R10; \
	JGT row; \
	BROADCAST (R9), Z0; \
	VMOVDQU Y0, (R8); \
	ADDQ $SIZE, R9; \
	ADDQ CX, R8; \
	DECQ DX; \
	JNZ again; \
	RET; \
row: \
	BROADCAST (R9), Z0; \
	XORL AX, AX; \
	TESTQ BX, BX; \
	JEQ tail; \
full: \
	STORE; \
	ADDQ $64, AX; \
	CMPQ AX, BX; \
	JLT full; \
	CMPQ BX, CX; \
	JEQ next; \
tail: \
	VMOVDQU8 Z0, K1, (R8)(AX*1); \
next: \
	ADDQ $SIZE, R9; \
	ADDQ CX, R8; \
	DECQ DX; \
	JNZ row; \
	RET

RUN(kRun8, VPBROADCASTB, 1)
RUN(kRun16, VPBROADCASTW, 2)
RUN(kRun32, VPBROADCASTD, 4)
RUN(kRun64, VPBROADCASTQ, 8)
RUN(kRun128, VBROADCASTI32X4, 16)
RUN(kRun256, VBROADCASTI64X4, 32)
RUN(kRun512, VMOVDQU64, 64)

// kCopyIf copies a unless the word e is imm.
KERNEL(kCopyIf)
	MOVQ 40(DI), SI
	MOVQ (SI), DX
	CMPQ DX, 72(DI)
	JEQ  done
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 56(DI), CX
	XORL AX, AX
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	STORE
	NEXT
done:
	RET

#define ENTRY(I, NAME) DATA same<>+(I*8)(SB)/8, $NAME<>(SB)

ENTRY(0, kCopy)
ENTRY(1, kNot)
ENTRY(2, kAnd)
ENTRY(3, kOr)
ENTRY(4, kXor)
ENTRY(5, kXor3)
ENTRY(6, kMaj)
ENTRY(7, kSel)
ENTRY(8, kCsaC8)
ENTRY(9, kCsaC16)
ENTRY(10, kCsaC32)
ENTRY(11, kCsaC64)
ENTRY(12, kNeg8)
ENTRY(13, kNeg16)
ENTRY(14, kNeg32)
ENTRY(15, kNeg64)
ENTRY(16, kAdd8)
ENTRY(17, kAdd16)
ENTRY(18, kAdd32)
ENTRY(19, kAdd64)
ENTRY(20, kSub8)
ENTRY(21, kSub16)
ENTRY(22, kSub32)
ENTRY(23, kSub64)
ENTRY(24, kMin8)
ENTRY(25, kMin16)
ENTRY(26, kMin32)
ENTRY(27, kMin64)
ENTRY(28, kMax8)
ENTRY(29, kMax16)
ENTRY(30, kMax32)
ENTRY(31, kMax64)
ENTRY(32, kCat8)
ENTRY(33, kCat16)
ENTRY(34, kCat32)
ENTRY(35, kCat64)
ENTRY(36, kFill8)
ENTRY(37, kFill16)
ENTRY(38, kFill32)
ENTRY(39, kFill64)
ENTRY(40, kTile16)
ENTRY(41, kTile32)
ENTRY(42, kTile64)
ENTRY(43, kScatter8)
ENTRY(44, kScatter16)
ENTRY(45, kScatter32)
ENTRY(46, kScatter64)
ENTRY(47, kConv8)
ENTRY(48, kConv16)
ENTRY(49, kConv32)
ENTRY(50, kConv64)
ENTRY(51, kRows)
ENTRY(52, kMul8)
ENTRY(53, kMul16)
ENTRY(54, kMul32)
ENTRY(55, kMul64)
ENTRY(56, kRun8)
ENTRY(57, kRun16)
ENTRY(58, kRun32)
ENTRY(59, kRun64)
ENTRY(60, kRun128)
ENTRY(61, kRun256)
ENTRY(62, kRun512)
ENTRY(63, kCopyIf)
GLOBL same<>(SB), RODATA|NOPTR, $512

// func sameKernel(i int) uintptr
TEXT ·sameKernel(SB), NOSPLIT, $0-16
	MOVQ i+0(FP), AX
	LEAQ same<>(SB), BX
	MOVQ (BX)(AX*8), AX
	MOVQ AX, ret+8(FP)
	RET
