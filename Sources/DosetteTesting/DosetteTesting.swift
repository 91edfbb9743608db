// DosetteTesting
