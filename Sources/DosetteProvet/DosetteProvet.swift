// DosetteProvet
