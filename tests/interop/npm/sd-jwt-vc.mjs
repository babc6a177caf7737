// @sd-jwt/sd-jwt-vc as a peer: one order on standard input, one answer on standard output, both JSON.
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

const ES256 = { name: 'ECDSA', hash: 'SHA-256' };
const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

const signerOf = async (jwk) => {
  const key = await webcrypto.subtle.importKey('jwk', jwk, P256, false, ['sign']);
  return async (data) =>
    Buffer.from(await webcrypto.subtle.sign(ES256, key, Buffer.from(data))).toString('base64url');
};

const verifierOf = async (jwk) => {
  const { kty, crv, x, y } = jwk;
  const key = await webcrypto.subtle.importKey('jwk', { kty, crv, x, y }, P256, false, ['verify']);
  return async (data, signature) =>
    webcrypto.subtle.verify(ES256, key, Buffer.from(signature, 'base64url'), Buffer.from(data));
};

const common = {
  hasher: (data, algorithm) =>
    new Uint8Array(createHash(algorithm.replace('-', '')).update(Buffer.from(data)).digest()),
  hashAlg: 'sha-256',
  saltGenerator: (length) => randomBytes(length).toString('base64url'),
  signAlg: 'ES256',
};

// Issues with every claim of `selectable` behind a disclosure, then presents those of `shown` with a key binding.
async function issueAndPresent(order) {
  const issuer = new SDJwtVcInstance({ ...common, signer: await signerOf(order.issuer_key) });
  const { d, ...holder } = order.holder_key;
  const payload = { ...order.claims, cnf: { jwk: holder } };
  const credential = await issuer.issue(payload, { _sd: order.selectable }, { header: { x5c: order.x5c } });
  const wallet = new SDJwtVcInstance({
    ...common,
    kbSigner: await signerOf(order.holder_key),
    kbSignAlg: 'ES256',
  });
  const frame = Object.fromEntries(order.shown.map((name) => [name, true]));
  const { nonce, audience, issued_at: iat } = order;
  const kb = { payload: { nonce, aud: audience, iat } };
  return { credential, presentation: await wallet.present(credential, frame, { kb }) };
}

// Verifies the issuer's signature, the digests and the key binding.
async function verify(order) {
  const verifier = new SDJwtVcInstance({
    ...common,
    verifier: await verifierOf(order.issuer_key),
    kbVerifier: async (data, signature, payload) => (await verifierOf(payload.cnf.jwk))(data, signature),
    statusListFetcher: async () => order.status_list.token,
    statusVerifier: async (data, signature) =>
      (await verifierOf(order.status_list.key))(data, signature),
  });
  try {
    const result = await verifier.verify(order.presentation, { keyBindingNonce: order.nonce });
    // This library leaves the audience to its caller.
    if (result.kb?.payload.aud !== order.audience) throw new Error('another audience');
    return { accepted: true, claims: result.payload };
  } catch (error) {
    return { accepted: false, reason: String(error.message ?? error) };
  }
}

const order = JSON.parse(await text(process.stdin));
const work = { 'issue-and-present': issueAndPresent, verify };
console.log(JSON.stringify(await work[order.work](order)));
