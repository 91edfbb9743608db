// DosetteServer
