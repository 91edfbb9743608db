// DosetteDefinitions
