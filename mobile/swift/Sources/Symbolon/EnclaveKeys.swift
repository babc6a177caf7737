import CryptoKit
import Foundation
import LocalAuthentication
import Security

/// What a person must do before a key of the Secure Enclave is used. The system asks for it by itself, while the wallet's call waits.
public enum EnclaveGuard: String, Sendable {
    /// Nothing, on a phone that is unlocked.
    case open
    /// Biometry or the passcode.
    case userPresence
    /// Biometry alone. Enrolling another face or finger ends the key.
    case biometry

    /// Whether a key with this guard demands at least what another does.
    fileprivate func meets(_ demanded: EnclaveGuard) -> Bool { strength >= demanded.strength }

    private var strength: Int {
        switch self {
        case .open: return 0
        case .userPresence: return 1
        case .biometry: return 2
        }
    }

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
///
/// A key that was made with a weaker guard, before the app demanded more, is as good as dead: it signs nothing any more, and the wallet has its
/// credential issued again.
public final class EnclaveKeys: KeyStore, @unchecked Sendable {
    private let enclave: Enclave
    private let guardedBy: EnclaveGuard

    public init(person: String, guardedBy: EnclaveGuard, context: LAContext = LAContext()) {
        self.enclave = Enclave(label: "symbolon.key.\(person)", context: context)
        self.guardedBy = guardedBy
    }

    public func create() throws -> CreatedKey {
        try translated {
            let name = try KeyName(madeWith: guardedBy, unique: UUID().uuidString.lowercased())
            let key = try enclave.create(name.text, guardedBy)
            return CreatedKey(handle: name.text, publicKey: try enclave.publicKeyInfo(key))
        }
    }

    public func publicKey(handle: String) throws -> Data {
        try translated {
            let key = try existing(handle, in: enclave)
            // The wallet asks to learn which keys ended. One that may have says so by itself, and nobody is asked for it.
            if KeyName(handle).isOfFormerBiometry { _ = try signed(handle, Data(), in: enclave.withoutThePerson()) }
            return try enclave.publicKeyInfo(key)
        }
    }

    public func sign(handle: String, bytes: Data) throws -> SigningOutcome {
        try translated { try signed(handle, bytes, in: enclave) }
    }

    private func signed(_ handle: String, _ bytes: Data, in enclave: Enclave) throws -> SigningOutcome {
        let key = try existing(handle, in: enclave)
        var error: Unmanaged<CFError>?
        guard let signature = SecKeyCreateSignature(
            key, .ecdsaSignatureMessageX962SHA256, bytes as CFData, &error)
        else {
            let refusal = EnclaveRefusal(error)
            if refusal.endsKey(KeyName(handle)) { throw KeyFailure.Invalidated }
            if refusal.waitsForThePerson { return .locked }
            throw refusal
        }
        return .signed(signature: signature as Data)
    }

    public func delete(handle: String) throws {
        try translated { try enclave.delete(handle) }
    }

    public func list() throws -> [String] {
        try translated { try enclave.handles() }
    }

    /// The key, where it has the guard.
    private func existing(_ handle: String, in enclave: Enclave) throws -> SecKey {
        if !KeyName(handle).guardedBy.meets(guardedBy) { throw KeyFailure.Invalidated }
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
///
/// A key of this name that was made with a weaker guard opens nothing here: what it locked is answered by `Gone`. To demand more of a
/// person, change the wallet's lock from one of the old guard to one of the new, under the same name, and then call `destroyWeaker`.
public final class EnclaveLock: DeviceLock, @unchecked Sendable {
    private static let algorithm = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM
    private let enclave: Enclave
    private let guardedBy: EnclaveGuard

    public init(name: String, guardedBy: EnclaveGuard, context: LAContext = LAContext()) {
        self.enclave = Enclave(label: "symbolon.lock.\(name)", context: context)
        self.guardedBy = guardedBy
    }

    public func wrap(dataKey: Data) throws -> Data {
        try translated {
            // Encrypting asks a key nothing: to one that may be dead nothing new is locked.
            let living = try fitting().last { !$0.name.isOfFormerBiometry }
            let key = try living?.key ?? enclave.create(try KeyName(madeWith: guardedBy, unique: "lock").text, guardedBy)
            var error: Unmanaged<CFError>?
            guard let publicKey = SecKeyCopyPublicKey(key),
                  let wrapped = SecKeyCreateEncryptedData(publicKey, Self.algorithm, dataKey as CFData, &error)
            else { throw EnclaveRefusal(error) }
            return wrapped as Data
        }
    }

    public func unwrap(wrapped: Data) throws -> UnwrappingOutcome {
        try translated {
            let keys = try fitting()
            if keys.isEmpty { throw LockFailure.Gone }
            var isOneDead = false
            // There is one, except between a change of the lock and `destroyWeaker`, or after biometry changed.
            for (name, key) in keys {
                do {
                    if let outcome = try opened(name, key, wrapped) { return outcome }
                } catch let refusal as EnclaveRefusal where refusal.endsKey(name) {
                    isOneDead = true
                }
            }
            let isGone = try isOneDead || !weaker().isEmpty
            throw isGone ? LockFailure.Gone : LockFailure.NotOurs
        }
    }

    /// What a key makes of the wrapped bytes; nothing where another one wrapped them.
    private func opened(_ name: KeyName, _ key: SecKey, _ wrapped: Data) throws -> UnwrappingOutcome? {
        var error: Unmanaged<CFError>?
        if let dataKey = SecKeyCreateDecryptedData(key, Self.algorithm, wrapped as CFData, &error) {
            return .unwrapped(dataKey: dataKey as Data)
        }
        let refusal = EnclaveRefusal(error)
        if refusal.endsKey(name) { throw refusal }
        if refusal.waitsForThePerson { return .locked }
        if refusal.code == Int(errSecParam) || refusal.code == Int(errSecDecode) { return nil }
        throw refusal
    }

    /// Deletes the keys of this name: nothing that they locked can be opened again.
    public func destroy() throws {
        try translated { try enclave.handles().forEach(enclave.delete) }
    }

    /// Deletes the keys of this name that were made with a weaker guard: once the wallet's lock was changed to this one. What they locked,
    /// as in an old copy of the file, cannot be opened again.
    public func destroyWeaker() throws {
        try translated { try weaker().forEach(enclave.delete) }
    }

    private func weaker() throws -> [String] {
        try enclave.handles().filter { !KeyName($0).guardedBy.meets(guardedBy) }
    }

    /// The keys that demand what the guard does, the weakest of them first: the person is asked no more than has to be.
    private func fitting() throws -> [(name: KeyName, key: SecKey)] {
        let names = try enclave.handles().map { KeyName($0) }.filter { $0.guardedBy.meets(guardedBy) }
        return try names.sorted { !$0.guardedBy.meets($1.guardedBy) }.compactMap { name in
            guard let key = try enclave.find(name.text) else { return nil }
            return (name: name, key: key)
        }
    }

    private func translated<T>(_ act: () throws -> T) throws -> T {
        do {
            return try act()
        } catch let refusal as EnclaveRefusal {
            throw refusal.keyIsDead ? LockFailure.Gone : LockFailure.Unavailable
        }
    }
}

/// The name of a key: its guard, the biometry that was enrolled when it was made, and what tells it apart. The keychain itself says
/// neither of the first two, and answers for a dead key as for a finger that was not recognised.
private struct KeyName {
    let guardedBy: EnclaveGuard
    let text: String
    private let biometry: Substring

    /// Where the system does not say which biometry is enrolled no key is made: nothing would tell when it is dead.
    init(madeWith guardedBy: EnclaveGuard, unique: String) throws {
        var biometry = ""
        if guardedBy == .biometry {
            guard let enrolled = Self.enrolledBiometry() else { throw EnclaveRefusal(errSecNotAvailable) }
            biometry = enrolled
        }
        self.init("\(guardedBy.rawValue).\(biometry).\(unique)")
    }

    init(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        let named = parts.count == 3 ? EnclaveGuard(rawValue: String(parts[0])) : nil
        // Of a name that says no guard nothing is known.
        guardedBy = named ?? .open
        biometry = named == nil ? "" : parts[1]
        self.text = text
    }

    /// Whether another face or finger was enrolled, or the last one removed, which ends a key under biometry alone; or the system was updated and
    /// calls the same ones otherwise, which does not: what the key itself answers decides. Where the system does not say, as while biometry is
    /// locked out, the key is left as it is.
    var isOfFormerBiometry: Bool {
        guard guardedBy == .biometry, let now = Self.enrolledBiometry() else { return false }
        return now != biometry
    }

    /// A digest of the system's own word for the set of faces and fingers. Asking for it shows nothing to the person.
    private static func enrolledBiometry() -> String? {
        let context = LAContext()
        var error: NSError?
        guard context.canEvaluatePolicy(.deviceOwnerAuthenticationWithBiometrics, error: &error) else {
            return error?.code == LAError.biometryNotEnrolled.rawValue ? "none" : nil
        }
        guard let state = context.evaluatedPolicyDomainState else { return nil }
        return SHA256.hash(data: state).prefix(8).map { String(format: "%02x", $0) }.joined()
    }
}

/// The keys of the Secure Enclave under one label.
private struct Enclave {
    let label: String
    let context: LAContext

    /// The same keys, which ask the person for nothing.
    func withoutThePerson() -> Enclave {
        let quiet = LAContext()
        quiet.interactionNotAllowed = true
        return Enclave(label: label, context: quiet)
    }

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
    let code: Int

    init(_ status: OSStatus) {
        domain = NSOSStatusErrorDomain
        code = Int(status)
    }

    init(_ error: Unmanaged<CFError>?) {
        let error = error.map { $0.takeRetainedValue() as Error as NSError }
        domain = error?.domain ?? NSOSStatusErrorDomain
        code = error?.code ?? Int(errSecNotAvailable)
    }

    /// Whether a key of this name has ended: it does not take the person for the one it was made for, and the biometry is another one.
    func endsKey(_ name: KeyName) -> Bool {
        let isRefused = domain == NSOSStatusErrorDomain && code == Int(errSecAuthFailed) || domain == "CryptoTokenKit" && code == -5
        return isRefused && name.isOfFormerBiometry
    }

    /// A question that was cancelled, a finger that was not recognised, biometry that is locked out: the person is asked again.
    var waitsForThePerson: Bool {
        switch domain {
        case LAErrorDomain: return code != LAError.invalidContext.rawValue
        case NSOSStatusErrorDomain:
            return code == Int(errSecUserCanceled) || code == Int(errSecInteractionNotAllowed) || code == Int(errSecAuthFailed)
        // What a key says for itself: cancelled, not authenticated.
        case "CryptoTokenKit": return code == -4 || code == -5
        default: return false
        }
    }

    /// The key is not there any more.
    var keyIsDead: Bool { domain == NSOSStatusErrorDomain && code == Int(errSecItemNotFound) }
}
