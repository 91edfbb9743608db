// Dosette
