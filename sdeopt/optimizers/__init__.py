from sdeopt.optimizers.sgd import SGD
