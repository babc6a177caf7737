// @owf/mdoc as a peer: one order on standard input, one answer on standard output, both JSON.
import { X509Certificate, createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify as verifySignature } from 'node:crypto';
import { text } from 'node:stream/consumers';
import {
  CoseKey,
  DateOnly,
  DeviceKey,
  DeviceRequest,
  DeviceResponse,
  DocRequest,
  Holder,
  Issuer,
  IssuerSigned,
  ItemsRequest,
  SessionTranscript,
  SignatureAlgorithm,
  Verifier,
} from '@owf/mdoc';

// The library leaves cryptography to its caller.
const publicKeyOf = ({ kty, crv, x, y }) => createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' });
const es256 = (key) => ({ key, dsaEncoding: 'ieee-p1363' });
const certificateOf = (der) => new X509Certificate(Buffer.from(der));
const context = {
  crypto: {
    random: (length) => new Uint8Array(randomBytes(length)),
    digest: ({ digestAlgorithm, bytes }) =>
      new Uint8Array(createHash(digestAlgorithm.toLowerCase().replace('-', '')).update(bytes).digest()),
    calculateEphemeralMacKey: () => {
      throw new Error('this peer has no MACs');
    },
  },
  cose: {
    sign1: {
      sign: ({ toBeSigned, key }) =>
        new Uint8Array(sign('sha256', toBeSigned, es256(createPrivateKey({ key: key.jwk, format: 'jwk' })))),
      verify: ({ key, sign1 }) =>
        verifySignature('sha256', sign1.toBeSigned, es256(publicKeyOf(key.jwk)), sign1.signature),
    },
    mac0: {
      sign: () => {
        throw new Error('this peer has no MACs');
      },
      verify: () => false,
    },
  },
  x509: {
    getIssuerNameField: ({ certificate, field }) =>
      certificateOf(certificate)
        .issuer.split('\n')
        .filter((line) => line.startsWith(`${field}=`))
        .map((line) => line.slice(field.length + 1)),
    getPublicKey: ({ certificate }) =>
      CoseKey.fromJwk(certificateOf(certificate).publicKey.export({ format: 'jwk' })),
    verifyCertificateChain: ({ trustedCertificates, x5chain, now = new Date() }) => {
      const [leaf, ...others] = x5chain.map(certificateOf);
      if (others.length > 0) throw new Error('a document signer stands right under its root');
      const isIssuedBy = (root) => leaf.checkIssued(root) && leaf.verify(root.publicKey);
      if (!trustedCertificates.map(certificateOf).some(isIssuedBy)) throw new Error('no trusted root issued the signer');
      if (now < new Date(leaf.validFrom) || now > new Date(leaf.validTo)) throw new Error('the signer is not valid now');
    },
    getCertificateData: ({ certificate }) => {
      const read = certificateOf(certificate);
      return {
        issuerName: read.issuer,
        subjectName: read.subject,
        serialNumber: read.serialNumber,
        thumbprint: read.fingerprint,
        notBefore: new Date(read.validFrom),
        notAfter: new Date(read.validTo),
        pem: read.toString(),
      };
    },
  },
};

const bytesOf = (base64) => new Uint8Array(Buffer.from(base64, 'base64'));

const transcriptOf = ({ client_id: clientId, nonce, response_uri: responseUri, encryption_key_thumbprint: thumbprint }) =>
  SessionTranscript.forOid4Vp(
    { clientId, nonce, responseUri, ...(thumbprint && { jwkThumbprint: new Uint8Array(Buffer.from(thumbprint, 'base64url')) }) },
    context,
  );

// Dates in the order are texts; the document types say which elements are dates.
const elementsOf = (order) =>
  Object.fromEntries(
    Object.entries(order.elements).map(([name, value]) => [name, order.dates.includes(name) ? new DateOnly(value) : value]),
  );

// Issues an mdoc and presents the elements of `shown` with a device signature.
async function issueAndPresent(order) {
  const now = new Date(order.issued_at * 1000);
  const issuer = new Issuer(order.doc_type, context);
  issuer.addIssuerNamespace(order.name_space, elementsOf(order));
  const { kty, crv, x, y } = order.device_key;
  const issuerSigned = await issuer.sign({
    signingKey: CoseKey.fromJwk(order.issuer_key),
    algorithm: SignatureAlgorithm.ES256,
    digestAlgorithm: 'SHA-256',
    validityInfo: { signed: now, validFrom: now, validUntil: new Date(now.getTime() + 86_400_000) },
    deviceKeyInfo: { deviceKey: DeviceKey.fromJwk({ kty, crv, x, y }) },
    certificates: order.certificates.map(bytesOf),
  });
  const wanted = Object.fromEntries(order.shown.map((name) => [name, false]));
  const itemsRequest = ItemsRequest.create({ docType: order.doc_type, namespaces: { [order.name_space]: wanted } });
  const deviceRequest = DeviceRequest.create({ docRequests: [DocRequest.create({ itemsRequest })] });
  const response = await Holder.createDeviceResponseForDeviceRequest(
    {
      deviceRequest,
      sessionTranscript: await transcriptOf(order),
      issuerSigned: [issuerSigned],
      // Without `alg` the library signs under a header that names no algorithm.
      signature: { signingKey: CoseKey.fromJwk({ ...order.device_key, alg: 'ES256' }) },
    },
    context,
  );
  return { credential: issuerSigned.encodedForOid4Vci, presentation: response.encodedForOid4Vp };
}

// Values that JSON has none for.
function plain(value) {
  if (value instanceof DateOnly) return value.toISOString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url');
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, inner]) => [name, plain(inner)]));
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value;
}

// Verifies the issuer, every digest and the device's signature.
async function verify(order) {
  const failed = [];
  try {
    const deviceResponse = DeviceResponse.fromEncodedForOid4Vp(order.presentation);
    await Verifier.verifyDeviceResponse(
      {
        deviceResponse,
        sessionTranscript: await transcriptOf(order),
        trustedCertificates: order.anchors.map(bytesOf),
        onCheck: (check) => {
          if (check.status === 'FAILED') failed.push(`${check.check}: ${check.reason ?? ''}`);
        },
      },
      context,
    );
    if (failed.length > 0) return { accepted: false, reason: failed.join('; ') };
    const [document] = deviceResponse.documents;
    const claims = {};
    for (const [space] of document.issuerSigned.issuerNamespaces.issuerNamespaces) {
      claims[space] = plain(document.issuerSigned.getPrettyClaims(space));
    }
    return { accepted: true, doc_type: document.docType, claims };
  } catch (error) {
    return { accepted: false, reason: [...failed, String(error.message ?? error)].join('; ') };
  }
}

const order = JSON.parse(await text(process.stdin));
const work = { 'issue-and-present': issueAndPresent, verify };
console.log(JSON.stringify(await work[order.work](order)));
