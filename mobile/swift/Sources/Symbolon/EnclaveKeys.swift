import Foundation
import LocalAuthentication
import Security

/// What a person must do before a key of the Secure Enclave is used. The system asks for it by itself, while the wallet's call waits.
public enum EnclaveGuard: Sendable {
    /// Nothing, on a phone that is unlocked.
    case open
    /// Biometry or the passcode.
    case userPresence
    /// Biometry alone. Enrolling another face or finger ends the key.
    case biometry

    fileprivate func access() throws -> SecAccessControl {
        let flags: SecAccessControlCreateFlags
        switch self {
        case .open: flags = [.privateKeyUsage]
        case .userPresence: flags = [.privateKeyUsage, .userPresence]
        case .biometry: flags = [.privateKeyUsage, .biometryCurrentSet]
        }
        var error: Unmanaged<CFError>?
        guard let access = SecAccessControlCreateWithFlags(
            nil, kSecAttrAccessibleWhenUnlockedThisDeviceOnly, flags, &error)
        else { throw EnclaveRefusal(error) }
        return access
    }
}

/// The keys of one person's credentials in the Secure Enclave, on P-256.
///
/// `person` is the wallet's identifier of the person; every person has an instance of their own. Within one `context` the system asks once for
/// all keys of a flow.
public final class EnclaveKeys: KeyStore, @unchecked Sendable {
    private let enclave: Enclave
    private let guardedBy: EnclaveGuard

    public init(person: String, guardedBy: EnclaveGuard, context: LAContext = LAContext()) {
        self.enclave = Enclave(label: "symbolon.key.\(person)", context: context)
        self.guardedBy = guardedBy
    }

    public func create() throws -> CreatedKey {
        try translated {
            let handle = UUID().uuidString.lowercased()
            let key = try enclave.create(handle, guardedBy)
            return CreatedKey(handle: handle, publicKey: try enclave.publicKeyInfo(key))
        }
    }

    public func publicKey(handle: String) throws -> Data {
        try translated { try enclave.publicKeyInfo(try existing(handle)) }
    }

    public func sign(handle: String, bytes: Data) throws -> SigningOutcome {
        try translated {
            let key = try existing(handle)
            var error: Unmanaged<CFError>?
            guard let signature = SecKeyCreateSignature(
                key, .ecdsaSignatureMessageX962SHA256, bytes as CFData, &error)
            else {
                let refusal = EnclaveRefusal(error)
                if refusal.waitsForThePerson { return .locked }
                throw refusal
            }
            return .signed(signature: signature as Data)
        }
    }

    public func delete(handle: String) throws {
        try translated { try enclave.delete(handle) }
    }

    public func list() throws -> [String] {
        try translated { try enclave.handles() }
    }

    private func existing(_ handle: String) throws -> SecKey {
        guard let key = try enclave.find(handle) else { throw KeyFailure.Unknown }
        return key
    }

    private func translated<T>(_ act: () throws -> T) throws -> T {
        do {
            return try act()
        } catch let refusal as EnclaveRefusal {
            throw refusal.keyIsDead ? KeyFailure.Invalidated : KeyFailure.Failed
        }
    }
}

/// Locks a wallet by a key of the Secure Enclave: the data key is encrypted to its public half (ECIES with AES-GCM), which never leaves this
/// class, and only the Enclave decrypts it.
///
/// `name` tells the locks of one app apart, one for the list of people and one for each person.
public final class EnclaveLock: DeviceLock, @unchecked Sendable {
    private static let algorithm = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM
    private static let handle = "lock"
    private let enclave: Enclave
    private let guardedBy: EnclaveGuard

    public init(name: String, guardedBy: EnclaveGuard, context: LAContext = LAContext()) {
        self.enclave = Enclave(label: "symbolon.lock.\(name)", context: context)
        self.guardedBy = guardedBy
    }

    public func wrap(dataKey: Data) throws -> Data {
        try translated {
            let key = try enclave.find(Self.handle) ?? enclave.create(Self.handle, guardedBy)
            var error: Unmanaged<CFError>?
            guard let publicKey = SecKeyCopyPublicKey(key),
                  let wrapped = SecKeyCreateEncryptedData(publicKey, Self.algorithm, dataKey as CFData, &error)
            else { throw EnclaveRefusal(error) }
            return wrapped as Data
        }
    }

    public func unwrap(wrapped: Data) throws -> UnwrappingOutcome {
        try translated {
            guard let key = try enclave.find(Self.handle) else { throw LockFailure.Gone }
            var error: Unmanaged<CFError>?
            guard let dataKey = SecKeyCreateDecryptedData(key, Self.algorithm, wrapped as CFData, &error) else {
                let refusal = EnclaveRefusal(error)
                if refusal.waitsForThePerson { return .locked }
                throw refusal.code == errSecParam || refusal.code == errSecDecode ? LockFailure.NotOurs : refusal
            }
            return .unwrapped(dataKey: dataKey as Data)
        }
    }

    /// Deletes the key: nothing that it locked can be opened again.
    public func destroy() throws {
        try translated { try enclave.delete(Self.handle) }
    }

    private func translated<T>(_ act: () throws -> T) throws -> T {
        do {
            return try act()
        } catch let refusal as EnclaveRefusal {
            throw refusal.keyIsDead ? LockFailure.Gone : LockFailure.Unavailable
        }
    }
}

/// The keys of the Secure Enclave under one label.
private struct Enclave {
    let label: String
    let context: LAContext

    /// The keychain matches tags exactly, so that one label's handle is never another's.
    private func tag(_ handle: String) -> Data { Data("\(label)/\(handle)".utf8) }

    private func query(_ more: [CFString: Any]) -> CFDictionary {
        let base: [CFString: Any] = [
            kSecClass: kSecClassKey,
            kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
            kSecUseAuthenticationContext: context,
            kSecUseDataProtectionKeychain: true,
        ]
        return base.merging(more) { $1 } as CFDictionary
    }

    func create(_ handle: String, _ guardedBy: EnclaveGuard) throws -> SecKey {
        let kept: [CFString: Any] = [
            kSecAttrIsPermanent: true,
            kSecAttrLabel: label,
            kSecAttrApplicationTag: tag(handle),
            kSecAttrAccessControl: try guardedBy.access(),
        ]
        let attributes = query([
            kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom,
            kSecAttrKeySizeInBits: 256,
            kSecPrivateKeyAttrs: kept,
        ])
        var error: Unmanaged<CFError>?
        guard let key = SecKeyCreateRandomKey(attributes, &error) else { throw EnclaveRefusal(error) }
        return key
    }

    func find(_ handle: String) throws -> SecKey? {
        var found: CFTypeRef?
        let status = SecItemCopyMatching(query([kSecAttrApplicationTag: tag(handle), kSecReturnRef: true]), &found)
        if status == errSecItemNotFound { return nil }
        guard status == errSecSuccess, let key = found else { throw EnclaveRefusal(status) }
        return (key as! SecKey)
    }

    func handles() throws -> [String] {
        var found: CFTypeRef?
        let all = query([kSecAttrLabel: label, kSecMatchLimit: kSecMatchLimitAll, kSecReturnAttributes: true])
        let status = SecItemCopyMatching(all, &found)
        if status == errSecItemNotFound { return [] }
        guard status == errSecSuccess, let items = found as? [[CFString: Any]] else { throw EnclaveRefusal(status) }
        return items.compactMap { item in
            guard let tag = item[kSecAttrApplicationTag] as? Data else { return nil }
            return String(decoding: tag.dropFirst(label.utf8.count + 1), as: UTF8.self)
        }
    }

    func delete(_ handle: String) throws {
        let status = SecItemDelete(query([kSecAttrApplicationTag: tag(handle)]))
        guard status == errSecSuccess || status == errSecItemNotFound else { throw EnclaveRefusal(status) }
    }

    /// The public half as a `SubjectPublicKeyInfo`: the platform hands out the bare point.
    func publicKeyInfo(_ key: SecKey) throws -> Data {
        var error: Unmanaged<CFError>?
        guard let publicKey = SecKeyCopyPublicKey(key),
              let point = SecKeyCopyExternalRepresentation(publicKey, &error) as Data?, point.count == 65
        else { throw EnclaveRefusal(error) }
        return Data(Self.beforeThePoint) + point
    }

    /// RFC 5480: SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING of the uncompressed point }.
    private static let beforeThePoint: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]
}

/// Why the Secure Enclave refused.
private struct EnclaveRefusal: Error {
    let domain: String
    let code: OSStatus

    init(_ status: OSStatus) {
        domain = NSOSStatusErrorDomain
        code = status
    }

    init(_ error: Unmanaged<CFError>?) {
        let error = error.map { $0.takeRetainedValue() as Error as NSError }
        domain = error?.domain ?? NSOSStatusErrorDomain
        code = OSStatus(truncatingIfNeeded: error?.code ?? Int(errSecNotAvailable))
    }

    var waitsForThePerson: Bool {
        if domain == LAErrorDomain { return true }
        return code == errSecUserCanceled || code == errSecInteractionNotAllowed
    }

    /// What is left of a key when the biometry that it was bound to changes.
    var keyIsDead: Bool {
        domain == NSOSStatusErrorDomain && (code == errSecAuthFailed || code == errSecItemNotFound)
    }
}
