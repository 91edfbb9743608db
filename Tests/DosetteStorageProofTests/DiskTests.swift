import DosetteTesting
import Testing

@testable import DosetteStorageProof
