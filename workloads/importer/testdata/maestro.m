// A small network.
Constant Channels 16;
Network Small {
  Layer CONV1 {
    Type: CONV
    Stride { X: 2, Y: 2 }
    Dimensions { K: Channels, C: 3, R: 3, S: 3, Y: 33, X: 33 }
    Dataflow { SpatialMap(1,1) K; Cluster(4, P); TemporalMap(1,1) C; }
  }
  Layer DW2 { Type: DSCONV Dimensions { K 1, C Channels, R 3, S 3, Y 18, X 18 } }
  Layer FC3 { Type: GEMM Dimensions { M: 1, N: 10, K: 4096 } }
}
