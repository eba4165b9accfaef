#include "textflag.h"
#include "asm_amd64.h"

// Kernels that fold an axis.

// PAIRS folds neighbours: every two lanes of a make one of the result. imm flips sign bits.
#define PAIRS(NAME, SHIFT, COUNT, OP, DROP, REG, MASK, PUT) \
KERNEL(NAME); \
	ARGS; \
	BYTES; \
loop: \
	VPXORQ (R9)(AX*2), Z30, Z0; \
	SHIFT COUNT, Z0, Z1; \
	OP Z1, Z0, Z0; \
	VPXORQ Z30, Z0, Z0; \
	DROP Z0, REG; \
	VPANDQ MASK, REG, REG; \
	PUT REG, (R8)(AX*1); \
	ADDQ $32, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	RET

#define PAIRS8(NAME, OP) PAIRS(NAME, VPSRLW, $8, OP, VPMOVWB, Y0, Y31, VMOVDQU)
#define PAIRS16(NAME, OP) PAIRS(NAME, VPSRLD, $16, OP, VPMOVDW, Y0, Y31, VMOVDQU)
#define PAIRS32(NAME, OP) PAIRS(NAME, VPSRLQ, $32, OP, VPMOVQD, Y0, Y31, VMOVDQU)

PAIRS8(kPairsAdd8, VPADDB)
PAIRS16(kPairsAdd16, VPADDW)
PAIRS32(kPairsAdd32, VPADDD)
PAIRS8(kPairsAnd8, VPANDQ)
PAIRS16(kPairsAnd16, VPANDQ)
PAIRS32(kPairsAnd32, VPANDQ)
PAIRS8(kPairsOr8, VPORQ)
PAIRS16(kPairsOr16, VPORQ)
PAIRS32(kPairsOr32, VPORQ)
PAIRS8(kPairsXor8, VPXORQ)
PAIRS16(kPairsXor16, VPXORQ)
PAIRS32(kPairsXor32, VPXORQ)
PAIRS8(kPairsMin8, VPMINUB)
PAIRS16(kPairsMin16, VPMINUW)
PAIRS32(kPairsMin32, VPMINUD)
PAIRS8(kPairsMax8, VPMAXUB)
PAIRS16(kPairsMax16, VPMAXUW)
PAIRS32(kPairsMax32, VPMAXUD)

// FOLD folds imm rows of n bytes into one, bytes times. A row is stored with what is too much, over
// which the next is written; where that could reach another buffer, under a mask.
#define FOLD(NAME, OP) \
KERNEL(NAME); \
	MOVQ 8(DI), R8; \
	MOVQ 16(DI), R9; \
	MOVQ 48(DI), CX; \
	MOVQ 56(DI), DX; \
	VPBROADCASTQ 64(DI), Z31; \
	MOVQ 72(DI), R11; \
	LEAQ 63(CX), SI; \
	NOTQ SI; \
	ANDQ $63, SI; \
	MOVQ CX, R10; \
	MOVQ SI, CX; \
	MOVQ $-1, SI; \
	SHRQ CX, SI; \
	KMOVQ SI, K1; \
	MOVQ R10, CX; \
	IMULQ DX, R10; \
	LEAQ -64(R8)(R10*1), R10; \
outer: \
	XORL AX, AX; \
chunk: \
	LEAQ (R9)(AX*1), SI; \
	VMOVDQU64 (SI), Z0; \
	MOVQ R11, BX; \
	DECQ BX; \
	JEQ put; \
rows: \
	ADDQ CX, SI; \
	OP (SI), Z0, Z0; \
	DECQ BX; \
	JNZ rows; \
put: \
	VPANDQ Z31, Z0, Z0; \
	ADDQ $64, AX; \
	CMPQ AX, CX; \
	JGE tail; \
	VMOVDQU64 Z0, -64(R8)(AX*1); \
	JMP chunk; \
tail: \
	LEAQ -64(R8)(AX*1), SI; \
	CMPQ SI, R10; \
	JGT masked; \
	VMOVDQU64 Z0, (SI); \
	JMP next; \
masked: \
	VMOVDQU8 Z0, K1, (SI); \
next: \
	ADDQ CX, R8; \
	MOVQ CX, BX; \
	IMULQ R11, BX; \
	ADDQ BX, R9; \
	DECQ DX; \
	JNZ outer; \
	RET

FOLD(kFoldAdd8, VPADDB)
FOLD(kFoldAdd16, VPADDW)
FOLD(kFoldAdd32, VPADDD)
FOLD(kFoldAdd64, VPADDQ)
FOLD(kFoldAnd, VPANDQ)
FOLD(kFoldOr, VPORQ)
FOLD(kFoldXor, VPXORQ)

// BITS makes R10 of 64 lanes of 0 and 1 a word; R9 moves on.
#define BITS \
	VMOVDQU64 (R9), Z0; \
	VPTESTMB Z0, Z0, K1; \
	KMOVQ K1, R10; \
	ADDQ $64, R9

// kPack packs 8, 16, 32 or 64 neighbouring lanes into a word, which has whole bytes.
KERNEL(kPack)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 56(DI), CX
	XORL AX, AX
loop:
	BITS
	MOVQ R10, (R8)(AX*1)
	ADDQ $8, AX
	CMPQ AX, CX
	JLT  loop
	RET

// kPackFew packs 2 or 4 (imm) neighbouring lanes into a byte; mask has their bits in each byte.
KERNEL(kPackFew)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 56(DI), SI
	MOVQ 64(DI), DX
	MOVQ 72(DI), CX
	SHLQ $3, CX
	XORL AX, AX
loop:
	BITS
	XORL BX, BX
bytes:
	PDEPQ DX, R10, R11
	MOVQ R11, (R8)(AX*1)
	ADDQ $8, AX
	SHRQ CX, R10
	ADDQ CX, BX
	CMPQ BX, $64
	JLT  bytes
	CMPQ AX, SI
	JLT  loop
	RET

#define ENTRY(I, NAME) DATA fold<>+(I*8)(SB)/8, $NAME<>(SB)

ENTRY(0, kPairsAdd8)
ENTRY(1, kPairsAdd16)
ENTRY(2, kPairsAdd32)
ENTRY(3, kPairsAnd8)
ENTRY(4, kPairsAnd16)
ENTRY(5, kPairsAnd32)
ENTRY(6, kPairsOr8)
ENTRY(7, kPairsOr16)
ENTRY(8, kPairsOr32)
ENTRY(9, kPairsXor8)
ENTRY(10, kPairsXor16)
ENTRY(11, kPairsXor32)
ENTRY(12, kPairsMin8)
ENTRY(13, kPairsMin16)
ENTRY(14, kPairsMin32)
ENTRY(15, kPairsMax8)
ENTRY(16, kPairsMax16)
ENTRY(17, kPairsMax32)
ENTRY(18, kFoldAdd8)
ENTRY(19, kFoldAdd16)
ENTRY(20, kFoldAdd32)
ENTRY(21, kFoldAdd64)
ENTRY(22, kFoldAnd)
ENTRY(23, kFoldOr)
ENTRY(24, kFoldXor)
ENTRY(25, kPack)
ENTRY(26, kPackFew)
GLOBL fold<>(SB), RODATA|NOPTR, $216

// func foldKernel(i int) uintptr
TEXT ·foldKernel(SB), NOSPLIT, $0-16
	MOVQ i+0(FP), AX
	LEAQ fold<>(SB), BX
	MOVQ (BX)(AX*8), AX
	MOVQ AX, ret+8(FP)
	RET
