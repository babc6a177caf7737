// jose as a peer for VC-JOSE-COSE: one order on standard input, one answer on standard output, both JSON.
import { text } from 'node:stream/consumers';
import { CompactSign, compactVerify, importJWK } from 'jose';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

async function sign(key, header, payload) {
  const bytes = encoder.encode(JSON.stringify(payload));
  return new CompactSign(bytes).setProtectedHeader({ alg: 'ES256', ...header }).sign(await importJWK(key, 'ES256'));
}

async function open(token, key, typ) {
  const { payload, protectedHeader } = await compactVerify(token, await importJWK(key, 'ES256'), {
    algorithms: ['ES256'],
  });
  if (protectedHeader.typ !== typ) throw new Error(`typ is ${protectedHeader.typ}`);
  return JSON.parse(decoder.decode(payload));
}

// Issues a vc+jwt and presents it as a vp+jwt in an envelope.
async function issueAndPresent(order) {
  const header = { typ: 'vc+jwt', cty: 'vc', kid: order.issuer_key_id };
  const credential = await sign(order.issuer_key, header, order.credential);
  const presentation = await sign(
    order.holder_key,
    { typ: 'vp+jwt', cty: 'vp', kid: order.holder_key_id },
    {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      type: ['VerifiablePresentation'],
      holder: order.holder_key_id.split('#')[0],
      verifiableCredential: [
        {
          '@context': 'https://www.w3.org/ns/credentials/v2',
          type: 'EnvelopedVerifiableCredential',
          id: `data:application/vc+jwt,${credential}`,
        },
      ],
      nonce: order.nonce,
      aud: order.audience,
      iat: order.issued_at,
    },
  );
  return { credential, presentation };
}

// Verifies the holder's token and the issuer's within it. The keys are the caller's to know.
async function verify(order) {
  try {
    const presentation = await open(order.presentation, order.holder_key, 'vp+jwt');
    if (presentation.nonce !== order.nonce) throw new Error('another nonce');
    if (![presentation.aud].flat().includes(order.audience)) throw new Error('another audience');
    const [envelope] = [presentation.verifiableCredential].flat();
    if (![envelope.type].flat().includes('EnvelopedVerifiableCredential')) throw new Error('no envelope');
    const [media, token] = envelope.id.split(',');
    if (media !== 'data:application/vc+jwt') throw new Error(`the envelope is ${media}`);
    return { accepted: true, credential: await open(token, order.issuer_key, 'vc+jwt') };
  } catch (error) {
    return { accepted: false, reason: String(error.message ?? error) };
  }
}

const order = JSON.parse(await text(process.stdin));
const work = { 'issue-and-present': issueAndPresent, verify };
console.log(JSON.stringify(await work[order.work](order)));
