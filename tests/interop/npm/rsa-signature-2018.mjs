// Credentials as MOSIP issues them: RsaSignature2018 by jsonld and the RSA of Node, in the way of MOSIP's own library. One
// order on standard input, one answer on standard output, both JSON.
import { createHash, constants, generateKeyPairSync, sign } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import securityContexts from '@digitalbazaar/security-context';
import jsonld from 'jsonld';

const PROOF_CONTEXT = 'https://w3id.org/security/v2';

function makeKey() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    public: publicKey.export({ type: 'spki', format: 'pem' }),
    jwk: publicKey.export({ format: 'jwk' }),
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }),
  };
}

const digest = (statements) => createHash('sha256').update(statements).digest();

// Hash of the options, hash of the document, behind the header: a detached JWS whose payload is not encoded.
async function issue(order) {
  const known = new Map([
    ...credentialsContexts,
    ...securityContexts.contexts,
    ...Object.entries(order.documents),
  ]);
  const documentLoader = async (url) => {
    if (!known.has(url)) throw new Error(`no document of ${url}`);
    return { contextUrl: null, documentUrl: url, document: known.get(url) };
  };
  const canonical = (document) =>
    jsonld.canonize(document, {
      algorithm: 'URDNA2015',
      format: 'application/n-quads',
      documentLoader,
      // MOSIP's library leaves out what no context defines.
      safe: false,
    });
  const { credential, proof, header } = order;
  const options = await canonical({ '@context': PROOF_CONTEXT, ...proof });
  const payload = Buffer.concat([digest(options), digest(await canonical(credential))]);
  const encoded = Buffer.from(JSON.stringify(header)).toString('base64url');
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const key = header.alg === 'PS256' ? { key: order.key, padding, saltLength: 32 } : order.key;
  const signature = sign('sha256', Buffer.concat([Buffer.from(`${encoded}.`), payload]), key);
  return { credential: { ...credential, proof: { ...proof, jws: `${encoded}..${signature.toString('base64url')}` } } };
}

const order = JSON.parse(await text(process.stdin));
const work = { 'make-key': makeKey, issue };
console.log(JSON.stringify(await work[order.work](order)));
