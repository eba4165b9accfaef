#include "textflag.h"
#include "asm_amd64.h"

// Kernels that read each lane from a place of its own: a is the data, c the places at which
// lanes begin (R11, 4 bytes each, padded to whole vectors), b the choices; mask is the
// number of choices and imm the distance between them. A choice past the last gives 0.

#define PLACES \
	ARGS; \
	MOVQ 48(DI), CX; \
	VPBROADCASTD 64(DI), Z31; \
	VPBROADCASTD 72(DI), Z30

// CHOOSE makes in Z1 the places of 16 lanes, and in K1 which of them exist.
#define CHOOSE(LOAD, IDX, ZMAX, ZSTEP, REG) \
	LOAD (R10)(AX*IDX), REG; \
	VPCMPUD $1, ZMAX, REG, K1; \
	VPMULLD ZSTEP, REG, REG; \
	VPADDD (R11)(AX*4), REG, REG

// STRAIGHT is CHOOSE without choices.
#define STRAIGHT(LOAD, IDX, ZMAX, ZSTEP, REG) \
	LOAD (R11)(AX*4), REG; \
	KXNORW K1, K1, K1

#define TAKE(NAME, PLACE, LOAD, IDX, SIZE, DROP, PUT, REG) \
KERNEL(NAME); \
	PLACES; \
loop: \
	PLACE(LOAD, IDX, Z31, Z30, Z1); \
	VPXORQ Z0, Z0, Z0; \
	VPGATHERDD (R9)(Z1*SIZE), K1, Z0; \
	DROP; \
	PUT REG, (R8)(AX*SIZE); \
	ADDQ $16, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	RET

#define TAKE64(NAME, PLACE, LOAD, IDX) \
KERNEL(NAME); \
	PLACES; \
loop: \
	PLACE(LOAD, IDX, Y31, Y30, Y1); \
	VPXORQ Z0, Z0, Z0; \
	VPGATHERDQ (R9)(Y1*8), K1, Z0; \
	VMOVDQU64 Z0, (R8)(AX*8); \
	ADDQ $8, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	RET

#define KEEP XORL DX, DX
#define DROP16 VPMOVDW Z0, Y0
#define DROP8 VPMOVDB Z0, X0

TAKE(kGather8, STRAIGHT, VMOVDQU64, 4, 1, DROP8, VMOVDQU, X0)
TAKE(kGather16, STRAIGHT, VMOVDQU64, 4, 2, DROP16, VMOVDQU, Y0)
TAKE(kGather32, STRAIGHT, VMOVDQU64, 4, 4, KEEP, VMOVDQU64, Z0)
TAKE64(kGather64, STRAIGHT, VMOVDQU, 4)
TAKE(kSelect8by8, CHOOSE, VPMOVZXBD, 1, 1, DROP8, VMOVDQU, X0)
TAKE(kSelect16by8, CHOOSE, VPMOVZXBD, 1, 2, DROP16, VMOVDQU, Y0)
TAKE(kSelect32by8, CHOOSE, VPMOVZXBD, 1, 4, KEEP, VMOVDQU64, Z0)
TAKE64(kSelect64by8, CHOOSE, VPMOVZXBD, 1)
TAKE(kSelect8by16, CHOOSE, VPMOVZXWD, 2, 1, DROP8, VMOVDQU, X0)
TAKE(kSelect16by16, CHOOSE, VPMOVZXWD, 2, 2, DROP16, VMOVDQU, Y0)
TAKE(kSelect32by16, CHOOSE, VPMOVZXWD, 2, 4, KEEP, VMOVDQU64, Z0)
TAKE64(kSelect64by16, CHOOSE, VPMOVZXWD, 2)

// WINDOW is TAKE where all that 16 lanes may read lies within two vectors, so that it is a
// permutation: e has the place of the window of every 16 lanes, and c is counted from there.
#define WINDOW(NAME, LOAD, IDX, SIZE, PERMUTE, DROP, PUT, REG) \
KERNEL(NAME); \
	PLACES; \
	MOVQ 40(DI), SI; \
loop: \
	CHOOSE(LOAD, IDX, Z31, Z30, Z1); \
	MOVLQZX (SI), DX; \
	ADDQ $4, SI; \
	LEAQ (R9)(DX*SIZE), BX; \
	VMOVDQU64 (BX), Z2; \
	PERMUTE 64(BX), Z2, Z1; \
	VMOVDQA32.Z Z1, K1, Z0; \
	DROP; \
	PUT REG, (R8)(AX*SIZE); \
	ADDQ $16, AX; \
	CMPQ AX, CX; \
	JLT loop; \
	RET

WINDOW(kWindow8by8, VPMOVZXBD, 1, 1, VPERMI2B, DROP8, VMOVDQU, X0)
WINDOW(kWindow16by8, VPMOVZXBD, 1, 2, VPERMI2W, DROP16, VMOVDQU, Y0)
WINDOW(kWindow32by8, VPMOVZXBD, 1, 4, VPERMI2D, KEEP, VMOVDQU64, Z0)
WINDOW(kWindow8by16, VPMOVZXWD, 2, 1, VPERMI2B, DROP8, VMOVDQU, X0)
WINDOW(kWindow16by16, VPMOVZXWD, 2, 2, VPERMI2W, DROP16, VMOVDQU, Y0)
WINDOW(kWindow32by16, VPMOVZXWD, 2, 4, VPERMI2D, KEEP, VMOVDQU64, Z0)

// kEvery4 takes every fourth lane of 4 bytes, from lane imm.
DATA every4<>+0(SB)/8, $0x0000000400000000
DATA every4<>+8(SB)/8, $0x0000000c00000008
DATA every4<>+16(SB)/8, $0x0000001400000010
DATA every4<>+24(SB)/8, $0x0000001c00000018
GLOBL every4<>(SB), RODATA|NOPTR, $32
KERNEL(kEvery4)
	ARGS
	BYTES
	VPBROADCASTD 72(DI), Y30
	VPADDD every4<>(SB), Y30, Y30
loop:
	VMOVDQA64 Z30, Z0
	VMOVDQA64 Z30, Z1
	VMOVDQU64 (R9), Z2
	VPERMI2D 64(R9), Z2, Z0
	VMOVDQU64 128(R9), Z2
	VPERMI2D 192(R9), Z2, Z1
	VINSERTI64X4 $1, Y1, Z0, Z0
	STORE
	ADDQ $256, R9
	NEXT

// kTable8 looks bytes up in the table of 256 entries at c, kTable7 in its lower half.
KERNEL(kTable8)
	ARGS
	BYTES
	VMOVDQU64 (R11), Z2
	VMOVDQU64 64(R11), Z3
	VMOVDQU64 128(R11), Z4
	VMOVDQU64 192(R11), Z5
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	VMOVDQA64 Z0, Z1
	VPMOVB2M Z0, K1
	VPERMI2B Z3, Z2, Z0
	VPERMI2B Z5, Z4, Z1
	VMOVDQU8 Z1, K1, Z0
	STORE
	NEXT

KERNEL(kTable7)
	ARGS
	BYTES
	VMOVDQU64 (R11), Z2
	VMOVDQU64 64(R11), Z3
loop:
	VMOVDQU64 (R9)(AX*1), Z0
	VPERMI2B Z3, Z2, Z0
	STORE
	NEXT

#define ENTRY(I, NAME) DATA take<>+(I*8)(SB)/8, $NAME<>(SB)

ENTRY(0, kGather8)
ENTRY(1, kGather16)
ENTRY(2, kGather32)
ENTRY(3, kGather64)
ENTRY(4, kSelect8by8)
ENTRY(5, kSelect16by8)
ENTRY(6, kSelect32by8)
ENTRY(7, kSelect64by8)
ENTRY(8, kSelect8by16)
ENTRY(9, kSelect16by16)
ENTRY(10, kSelect32by16)
ENTRY(11, kSelect64by16)
ENTRY(12, kWindow8by8)
ENTRY(13, kWindow16by8)
ENTRY(14, kWindow32by8)
ENTRY(15, kWindow8by16)
ENTRY(16, kWindow16by16)
ENTRY(17, kWindow32by16)
ENTRY(18, kTable7)
ENTRY(19, kEvery4)
ENTRY(20, kTable8)
GLOBL take<>(SB), RODATA|NOPTR, $168

// func takeKernel(i int) uintptr
TEXT ·takeKernel(SB), NOSPLIT, $0-16
	MOVQ i+0(FP), AX
	LEAQ take<>(SB), BX
	MOVQ (BX)(AX*8), AX
	MOVQ AX, ret+8(FP)
	RET
