package lanes

import "math/bits"

// laneKernel is the Go kernel of a lane operation. Where operands and result
// have different sizes, dsize is the result's and esize the operands'.
func laneKernel(k kern, dsize, esize int) func(*step) {
	d, e := bits.TrailingZeros(uint(dsize)), bits.TrailingZeros(uint(esize))
	switch k {
	case kCopy:
		return [...]func(*step){goCopy[uint8], goCopy[uint16], goCopy[uint32], goCopy[uint64]}[d]
	case kAnd:
		return [...]func(*step){goAnd[uint8], goAnd[uint16], goAnd[uint32], goAnd[uint64]}[d]
	case kOr:
		return [...]func(*step){goOr[uint8], goOr[uint16], goOr[uint32], goOr[uint64]}[d]
	case kXor:
		return [...]func(*step){goXor[uint8], goXor[uint16], goXor[uint32], goXor[uint64]}[d]
	case kXor3:
		return [...]func(*step){goXor3[uint8], goXor3[uint16], goXor3[uint32], goXor3[uint64]}[d]
	case kMaj:
		return [...]func(*step){goMaj[uint8], goMaj[uint16], goMaj[uint32], goMaj[uint64]}[d]
	case kCsaC:
		return [...]func(*step){goCsaC[uint8], goCsaC[uint16], goCsaC[uint32], goCsaC[uint64]}[d]
	case kNot:
		return [...]func(*step){goNot[uint8], goNot[uint16], goNot[uint32], goNot[uint64]}[d]
	case kNeg:
		return [...]func(*step){goNeg[uint8], goNeg[uint16], goNeg[uint32], goNeg[uint64]}[d]
	case kAdd:
		return [...]func(*step){goAdd[uint8], goAdd[uint16], goAdd[uint32], goAdd[uint64]}[d]
	case kSub:
		return [...]func(*step){goSub[uint8], goSub[uint16], goSub[uint32], goSub[uint64]}[d]
	case kMul:
		return [...]func(*step){goMul[uint8], goMul[uint16], goMul[uint32], goMul[uint64]}[d]
	case kMin:
		return [...]func(*step){goMin[uint8], goMin[uint16], goMin[uint32], goMin[uint64]}[d]
	case kMax:
		return [...]func(*step){goMax[uint8], goMax[uint16], goMax[uint32], goMax[uint64]}[d]
	case kMux:
		return [...]func(*step){goMux[uint8], goMux[uint16], goMux[uint32], goMux[uint64]}[d]
	case kSel:
		return [...]func(*step){goSel[uint8], goSel[uint16], goSel[uint32], goSel[uint64]}[d]
	case kCopyIf:
		return [...]func(*step){goCopyIf[uint8], goCopyIf[uint16], goCopyIf[uint32], goCopyIf[uint64]}[d]
	case kCat:
		return [...]func(*step){goCat[uint8], goCat[uint16], goCat[uint32], goCat[uint64]}[d]
	case kShl:
		return [...]func(*step){goShl[uint8], goShl[uint16], goShl[uint32], goShl[uint64]}[d]
	case kLshr:
		return [...]func(*step){goLshr[uint8], goLshr[uint16], goLshr[uint32], goLshr[uint64]}[d]
	case kAshr:
		return [...]func(*step){goAshr[uint8], goAshr[uint16], goAshr[uint32], goAshr[uint64]}[d]
	case kRotl:
		return [...]func(*step){goRotl[uint8], goRotl[uint16], goRotl[uint32], goRotl[uint64]}[d]
	case kMod:
		return [...]func(*step){goMod[uint8], goMod[uint16], goMod[uint32], goMod[uint64]}[d]
	case kRom:
		return [...]func(*step){goRom[uint8], goRom[uint16], goRom[uint32], goRom[uint64]}[d]
	case kEq:
		return [...]func(*step){goEq[uint8], goEq[uint16], goEq[uint32], goEq[uint64]}[e]
	case kNe:
		return [...]func(*step){goNe[uint8], goNe[uint16], goNe[uint32], goNe[uint64]}[e]
	case kLt:
		return [...]func(*step){goLt[uint8], goLt[uint16], goLt[uint32], goLt[uint64]}[e]
	case kLe:
		return [...]func(*step){goLe[uint8], goLe[uint16], goLe[uint32], goLe[uint64]}[e]
	case kPop:
		return [...]func(*step){goPop[uint8], goPop[uint16], goPop[uint32], goPop[uint64]}[e]
	case kParity:
		return [...]func(*step){goParity[uint8], goParity[uint16], goParity[uint32], goParity[uint64]}[e]
	case kFfs:
		return [...]func(*step){goFfs[uint8], goFfs[uint16], goFfs[uint32], goFfs[uint64]}[e]
	case kClz:
		return [...]func(*step){goClz[uint8], goClz[uint16], goClz[uint32], goClz[uint64]}[e]
	case kConv:
		return [4][4]func(*step){
			{goConv[uint8, uint8], goConv[uint8, uint16], goConv[uint8, uint32], goConv[uint8, uint64]},
			{goConv[uint16, uint8], goConv[uint16, uint16], goConv[uint16, uint32], goConv[uint16, uint64]},
			{goConv[uint32, uint8], goConv[uint32, uint16], goConv[uint32, uint32], goConv[uint32, uint64]},
			{goConv[uint64, uint8], goConv[uint64, uint16], goConv[uint64, uint32], goConv[uint64, uint64]},
		}[d][e]
	}
	return fusedKernel(k, d, e)
}

// fusedKernel is laneKernel for fused operations, with logarithms of sizes.
func fusedKernel(k kern, d, e int) func(*step) {
	switch k {
	case kMulX:
		return [4][4]func(*step){
			1: {goMulX[uint16, uint8]},
			2: {goMulX[uint32, uint8], goMulX[uint32, uint16]},
			3: {goMulX[uint64, uint8], goMulX[uint64, uint16], goMulX[uint64, uint32]},
		}[d][e]
	case kMac:
		return [4][4]func(*step){
			1: {goMac[uint16, uint8]},
			2: {goMac[uint32, uint8], goMac[uint32, uint16]},
			3: {goMac[uint64, uint8], goMac[uint64, uint16], goMac[uint64, uint32]},
		}[d][e]
	case kBooth:
		return [4][4]func(*step){
			{goBooth[uint8, uint8]},
			{goBooth[uint16, uint8], goBooth[uint16, uint16]},
			{goBooth[uint32, uint8], goBooth[uint32, uint16], goBooth[uint32, uint32]},
			{goBooth[uint64, uint8], goBooth[uint64, uint16], goBooth[uint64, uint32], goBooth[uint64, uint64]},
		}[d][e]
	case kCsa1:
		return goCsa1
	case kCsa2:
		return goCsa2
	case kCsa3:
		return goCsa3
	case kCsa4:
		return [...]func(*step){goCsa4[uint8], goCsa4[uint16], goCsa4[uint32], goCsa4[uint64]}[d]
	case kTable:
		return goTable
	case kCsa:
		return [...]func(*step){goCsa[uint8], goCsa[uint16], goCsa[uint32], goCsa[uint64]}[d]
	}
	panic("lanes: operation without a kernel")
}

// wholeKernel is the Go kernel of an operation that works on all lanes at once.
func wholeKernel(k kern, dsize, esize int) func(*step) {
	d, e := bits.TrailingZeros(uint(dsize)), bits.TrailingZeros(uint(esize))
	switch k {
	case kCopy:
		return laneKernel(k, dsize, esize)
	case kFill:
		return [...]func(*step){goFill[uint8], goFill[uint16], goFill[uint32], goFill[uint64]}[d]
	case kShift:
		return [...]func(*step){goShift[uint8], goShift[uint16], goShift[uint32], goShift[uint64]}[d]
	case kSpread:
		return [...]func(*step){goSpread[uint8], goSpread[uint16], goSpread[uint32], goSpread[uint64]}[d]
	case kGather:
		return [...]func(*step){goGather[uint8], goGather[uint16], goGather[uint32], goGather[uint64]}[d]
	case kSelect:
		return [...]func(*step){goSelect[uint8], goSelect[uint16], goSelect[uint32], goSelect[uint64]}[d]
	case kReduce:
		return [...]func(*step){goReduce[uint8], goReduce[uint16], goReduce[uint32], goReduce[uint64]}[d]
	case kPack:
		return goPack
	case kPush:
		return [...]func(*step){goPush[uint8], goPush[uint16], goPush[uint32], goPush[uint64]}[e]
	case kPull:
		return [...]func(*step){goPull[uint8], goPull[uint16], goPull[uint32], goPull[uint64]}[d]
	}
	panic("lanes: operation without a kernel")
}
