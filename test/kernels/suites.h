// One line per suite: S(name).
S(gemm)
S(conv)
S(pooling)
S(elementwise)
S(movement)
