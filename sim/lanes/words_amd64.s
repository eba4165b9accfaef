#include "textflag.h"
#include "asm_amd64.h"

// The scalar program. Each instruction is 64 bytes: its code, the addresses of
// its result and operands, mask and imm. The code of an instruction jumps to
// that of the next; the last instruction returns. SI is the instruction.

// kCode runs the instructions at a.
KERNEL(kCode)
	MOVQ 16(DI), SI
	MOVQ 0(SI), R8
	JMP  R8

KERNEL(wEnd)
	RET

#define GO(OFF) \
	ADDQ $64, SI; \
	MOVQ 0(SI), R8; \
	JMP  R8

#define PUT \
	MOVQ 8(SI), DX; \
	MOVQ AX, (DX); \
	GO(0)

#define A \
	MOVQ 16(SI), AX; \
	MOVQ (AX), AX

#define WORD2(NAME, OP) \
KERNEL(NAME); \
	A; \
	MOVQ 24(SI), BX; \
	OP (BX), AX; \
	PUT

#define WORD2M(NAME, OP) \
KERNEL(NAME); \
	A; \
	MOVQ 24(SI), BX; \
	OP (BX), AX; \
	ANDQ 40(SI), AX; \
	PUT

KERNEL(wWire)
	A
	PUT

KERNEL(wNot)
	A
	XORQ 40(SI), AX
	PUT

WORD2(wAnd, ANDQ)
WORD2(wOr, ORQ)
WORD2(wXor, XORQ)
WORD2M(wAdd, ADDQ)
WORD2M(wSub, SUBQ)

KERNEL(wMux)
	A
	MOVQ 24(SI), BX
	MOVQ 32(SI), CX
	TESTQ AX, AX
	CMOVQEQ CX, BX
	MOVQ (BX), AX
	PUT

#define WORDCMP(NAME, SET) \
KERNEL(NAME); \
	A; \
	MOVQ 24(SI), BX; \
	XORL CX, CX; \
	CMPQ AX, (BX); \
	SET CX; \
	MOVQ CX, AX; \
	PUT

WORDCMP(wEq, SETEQ)
WORDCMP(wNe, SETNE)
WORDCMP(wLt, SETCS)
WORDCMP(wLe, SETLS)

KERNEL(wSlice)
	A
	MOVQ 48(SI), CX
	SHRQ CX, AX
	ANDQ 40(SI), AX
	PUT

KERNEL(wCat)
	A
	MOVQ 48(SI), CX
	MOVQ 24(SI), BX
	SHLQ CX, AX
	ORQ  (BX), AX
	PUT

// kPush copies a to the ring's row of this cycle: imm is the mask of rows, imm2
// the log2 of the bytes of a row, c the address of the tick.
KERNEL(kPush)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 32(DI), AX
	MOVQ (AX), AX
	ANDQ 72(DI), AX
	MOVQ 80(DI), CX
	SHLQ CX, AX
	ADDQ AX, R8
	MOVQ 56(DI), CX
	XORL AX, AX
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	STORE
	NEXT

// kPushWord is kPush for rows of one word.
KERNEL(kPushWord)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 32(DI), AX
	MOVQ (AX), AX
	ANDQ 72(DI), AX
	MOVQ (R9), BX
	MOVQ BX, (R8)(AX*8)
	RET

// kPullRow copies the row of mask edges ago to the result; a is the ring.
KERNEL(kPullRow)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 32(DI), AX
	MOVQ (AX), AX
	SUBQ 64(DI), AX
	ANDQ 72(DI), AX
	MOVQ 80(DI), CX
	SHLQ CX, AX
	ADDQ AX, R9
	MOVQ 56(DI), CX
	XORL AX, AX
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	STORE
	NEXT

KERNEL(kPullWord)
	MOVQ 8(DI), R8
	MOVQ 16(DI), R9
	MOVQ 32(DI), AX
	MOVQ (AX), AX
	SUBQ 64(DI), AX
	ANDQ 72(DI), AX
	MOVQ (R9)(AX*8), BX
	MOVQ BX, (R8)
	RET

// PULL reads lane i at ((tick << imm2) + back[i]) & imm; b is back, a the ring.
#define PULL(NAME, MOV, SCALE) \
KERNEL(NAME); \
	MOVQ 8(DI), R8; \
	MOVQ 16(DI), R9; \
	MOVQ 24(DI), R10; \
	MOVQ 32(DI), AX; \
	MOVQ (AX), R11; \
	MOVQ 80(DI), CX; \
	SHLQ CX, R11; \
	MOVQ 72(DI), SI; \
	MOVQ 48(DI), CX; \
	XORL AX, AX; \
loop: \
	MOVL (R10)(AX*4), BX; \
	ADDQ R11, BX; \
	ANDQ SI, BX; \
	MOV (R9)(BX*SCALE), DX; \
	MOV DX, (R8)(AX*SCALE); \
	INCQ AX; \
	CMPQ AX, CX; \
	JLT loop; \
	RET

PULL(kPull8, MOVB, 1)
PULL(kPull16, MOVW, 2)
PULL(kPull32, MOVL, 4)
PULL(kPull64, MOVQ, 8)

#define ENTRY(I, NAME) DATA codes<>+(I*8)(SB)/8, $NAME<>(SB)

ENTRY(0, kCode)
ENTRY(1, wEnd)
ENTRY(2, wWire)
ENTRY(3, wNot)
ENTRY(4, wAnd)
ENTRY(5, wOr)
ENTRY(6, wXor)
ENTRY(7, wAdd)
ENTRY(8, wSub)
ENTRY(9, wMux)
ENTRY(10, wEq)
ENTRY(11, wNe)
ENTRY(12, wLt)
ENTRY(13, wLe)
ENTRY(14, wSlice)
ENTRY(15, wCat)
ENTRY(16, kPush)
ENTRY(17, kPushWord)
ENTRY(18, kPullRow)
ENTRY(19, kPullWord)
ENTRY(20, kPull8)
ENTRY(21, kPull16)
ENTRY(22, kPull32)
ENTRY(23, kPull64)
GLOBL codes<>(SB), RODATA|NOPTR, $192

// func wordCode(i int) uintptr
TEXT ·wordCode(SB), NOSPLIT, $0-16
	MOVQ i+0(FP), AX
	LEAQ codes<>(SB), BX
	MOVQ (BX)(AX*8), AX
	MOVQ AX, ret+8(FP)
	RET
