import DosetteKeys
import Testing

@Suite("A client's key")
struct ClientSecretTests {
    private func secret(_ byte: UInt8) throws -> ClientSecret {
        try #require(ClientSecret(bytes: [UInt8](repeating: byte, count: 32)))
    }

    @Test func `what is sealed opens with the same key at the same place`() throws {
        let key = try secret(1)
        for count in [0, 1, 2, 3, 4, 5, 31, 255, 4_096] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let sealed = key.seal(bytes, at: "1/0/record")
            #expect(try key.open(sealed, at: "1/0/record") == bytes)
            #expect(key.seal(bytes, at: "1/0/record") == sealed)
        }
    }

    @Test func `another key, another place and any changed character do not open it`() throws {
        let key = try secret(1)
        let sealed = key.seal(Array("Maija Meikäläinen".utf8), at: "1/0/record")
        let other = try secret(2)
        #expect(throws: KeyFailure.self) { try other.open(sealed, at: "1/0/record") }
        #expect(throws: KeyFailure.self) { try key.open(sealed, at: "1/1/record") }
        for index in sealed.indices {
            var changed = sealed
            let digit: Character = sealed[index] == "0" ? "1" : "0"
            changed.replaceSubrange(index...index, with: [digit])
            #expect(throws: KeyFailure.self) { try key.open(changed, at: "1/0/record") }
        }
        #expect(throws: KeyFailure.self) { try key.open("", at: "1/0/record") }
        #expect(throws: KeyFailure.self) { try key.open("å", at: "1/0/record") }
    }

    @Test func `texts that differ never share a nonce`() throws {
        let key = try secret(3)
        let prefixes = (0..<2_000).map { number in
            Array((Z85.bytes(key.seal(Array("\(number)".utf8), at: "1/0/rest")) ?? []).prefix(12))
        }
        #expect(Set(prefixes).count == prefixes.count)
    }

    @Test func `only 32 bytes are a key`() {
        #expect(ClientSecret(bytes: []) == nil)
        #expect(ClientSecret(bytes: ClientSecret.newBytes() + [0]) == nil)
        #expect(ClientSecret.newBytes() != ClientSecret.newBytes())
    }

    @Test func `Z85 is as RFC 32 of ZeroMQ has it`() {
        let bytes: [UInt8] = [0x86, 0x4F, 0xD2, 0x6F, 0xB5, 0x59, 0xF7, 0x5B]
        #expect(Z85.text(bytes) == "HelloWorld")
        #expect(Z85.bytes("HelloWorld") == bytes)
        #expect(Z85.bytes("HelloWorl d") == nil)
        #expect(Z85.bytes("#####") == nil)
        #expect(Z85.bytes("0") == nil)
    }
}
