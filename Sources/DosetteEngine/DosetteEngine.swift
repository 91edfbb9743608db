// DosetteEngine
