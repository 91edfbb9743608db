// DosetteSimulator
