package workloads

import "fmt"

// cnn builds the layers of an image network from top to bottom and keeps the
// size of the feature map as it goes. The first error stays in err.
type cnn struct {
	name    string
	batch   int
	h, w, c int
	layers  []GEMM
	err     error
}

func newCNN(name string, batch int) *cnn {
	return &cnn{name: name, batch: batch, h: 224, w: 224, c: 3}
}

// add appends a square convolution and returns the size of its output; the
// feature map stays as it was, so that branches can share an input.
func (n *cnn) add(name string, outC, k, stride, pad, groups int) (oh, ow int) {
	g, err := Conv{
		H: n.h, W: n.w, C: n.c, OutC: outC, KH: k, KW: k, StrideH: stride, StrideW: stride,
		PadTop: pad, PadLeft: pad, PadBottom: pad, PadRight: pad, Groups: groups, Batch: n.batch,
	}.GEMM(name)
	if err != nil {
		if n.err == nil {
			n.err = err
		}
		return n.h, n.w
	}
	g.Source = "built-in " + n.name
	n.layers = append(n.layers, g)
	return g.Conv.OutSize()
}

// conv appends a convolution and moves on to its output.
func (n *cnn) conv(name string, outC, k, stride, pad, groups int) {
	n.h, n.w = n.add(name, outC, k, stride, pad, groups)
	n.c = outC
}

// pool shrinks the feature map by a square window; padEnd rows and columns are
// added at the bottom and right, padBegin at the top and left.
func (n *cnn) pool(k, stride, padBegin, padEnd int) {
	n.h = (n.h+padBegin+padEnd-k)/stride + 1
	n.w = (n.w+padBegin+padEnd-k)/stride + 1
}

// fc appends a fully connected layer from in to out features, one row of A an
// image.
func (n *cnn) fc(name string, in, out int) {
	g := NewGEMM(name, n.batch, out, in)
	g.Op, g.Source = "fc", "built-in "+n.name
	n.layers = append(n.layers, g)
}

func (n *cnn) workload() (Workload, error) {
	if n.err != nil {
		return Workload{}, n.err
	}
	return Workload{Name: n.name, Layers: n.layers}, nil
}

// alexNet is the BVLC reference AlexNet of the ONNX model zoo: input 224 without
// padding in the first layer, two groups in layers 2, 4 and 5, and one row and
// column of padding at the end of the last pooling.
func alexNet(batch int) (Workload, error) {
	n := newCNN("alexnet", batch)
	n.conv("conv1", 96, 11, 4, 0, 1)
	n.pool(3, 2, 0, 0)
	n.conv("conv2", 256, 5, 1, 2, 2)
	n.pool(3, 2, 0, 0)
	n.conv("conv3", 384, 3, 1, 1, 1)
	n.conv("conv4", 384, 3, 1, 1, 2)
	n.conv("conv5", 256, 3, 1, 1, 2)
	n.pool(3, 2, 0, 1)
	n.fc("fc6", n.h*n.w*n.c, 4096)
	n.fc("fc7", 4096, 4096)
	n.fc("fc8", 4096, 1000)
	return n.workload()
}

// vgg16 is configuration D of Simonyan and Zisserman, arXiv:1409.1556, table 1.
func vgg16(batch int) (Workload, error) {
	n := newCNN("vgg16", batch)
	for i, stage := range [][]int{{64, 64}, {128, 128}, {256, 256, 256}, {512, 512, 512}, {512, 512, 512}} {
		for j, outC := range stage {
			n.conv(fmt.Sprintf("conv%d_%d", i+1, j+1), outC, 3, 1, 1, 1)
		}
		n.pool(2, 2, 0, 0)
	}
	n.fc("fc6", n.h*n.w*n.c, 4096)
	n.fc("fc7", 4096, 4096)
	n.fc("fc8", 4096, 1000)
	return n.workload()
}

// resNetStem is the start that all ResNets share; arXiv:1512.03385, table 1.
func resNetStem(n *cnn) {
	n.conv("conv1", 64, 7, 2, 3, 1)
	n.pool(3, 2, 1, 1)
}

// resNet18 is the two-convolution ("basic") block network with projection
// shortcuts; arXiv:1512.03385, table 1.
func resNet18(batch int) (Workload, error) {
	n := newCNN("resnet18", batch)
	resNetStem(n)
	for stage, width := range []int{64, 128, 256, 512} {
		for block := range 2 {
			name := fmt.Sprintf("layer%d.%d.", stage+1, block)
			stride := 1
			if stage > 0 && block == 0 {
				stride = 2
				n.add(name+"downsample", width, 1, stride, 0, 1)
			}
			n.conv(name+"conv1", width, 3, stride, 1, 1)
			n.conv(name+"conv2", width, 3, 1, 1, 1)
		}
	}
	n.fc("fc", n.c, 1000)
	return n.workload()
}

// resNet50 is the bottleneck network in the form that frameworks ship ("v1.5"):
// the stride sits in the 3x3 convolution; arXiv:1512.03385, table 1.
func resNet50(batch int) (Workload, error) {
	n := newCNN("resnet50", batch)
	resNetStem(n)
	for stage, blocks := range []int{3, 4, 6, 3} {
		width := 64 << stage
		for block := range blocks {
			name := fmt.Sprintf("layer%d.%d.", stage+1, block)
			stride := 1
			if stage > 0 && block == 0 {
				stride = 2
			}
			if block == 0 {
				n.add(name+"downsample", 4*width, 1, stride, 0, 1)
			}
			n.conv(name+"conv1", width, 1, 1, 0, 1)
			n.conv(name+"conv2", width, 3, stride, 1, 1)
			n.conv(name+"conv3", 4*width, 1, 1, 0, 1)
		}
	}
	n.fc("fc", n.c, 1000)
	return n.workload()
}

// mobileNetV2 is the width-1.0 network of Sandler et al., arXiv:1801.04381,
// table 2: expansion factor, channels, repetitions, stride of each stage.
func mobileNetV2(batch int) (Workload, error) {
	n := newCNN("mobilenetv2", batch)
	n.conv("conv_stem", 32, 3, 2, 1, 1)
	block := 0
	for _, s := range []struct{ expand, outC, repeat, stride int }{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2},
		{6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	} {
		for i := range s.repeat {
			block++
			name := fmt.Sprintf("block%d.", block)
			stride := 1
			if i == 0 {
				stride = s.stride
			}
			if s.expand != 1 {
				n.conv(name+"expand", n.c*s.expand, 1, 1, 0, 1)
			}
			n.conv(name+"depthwise", n.c, 3, stride, 1, n.c)
			n.conv(name+"project", s.outC, 1, 1, 0, 1)
		}
	}
	n.conv("conv_last", 1280, 1, 1, 0, 1)
	n.fc("fc", n.c, 1000)
	return n.workload()
}
