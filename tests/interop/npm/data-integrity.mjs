// @digitalbazaar/vc and its cryptosuites as a peer: one order on standard input, one answer on standard output, both JSON.
import { text } from 'node:stream/consumers';
import * as vc from '@digitalbazaar/vc';
import { contexts as credentialsContexts } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import { cryptosuite as ecdsaRdfc2019 } from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as ecdsaSd2023 from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import { cryptosuite as eddsaRdfc2022 } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';

const MULTIKEY_CONTEXT = 'https://w3id.org/security/multikey/v1';
const isEdwards = (multibase) => multibase.startsWith('z6Mk');
const multikeyOf = (multibase) => (isEdwards(multibase) ? Ed25519Multikey : EcdsaMultikey);

// Makes a key whose identifier is a did:key.
async function makeKey(order) {
  const made =
    order.curve === 'Ed25519' ? await Ed25519Multikey.generate() : await EcdsaMultikey.generate({ curve: order.curve });
  const exported = await made.export({ publicKey: true, secretKey: true });
  const controller = `did:key:${exported.publicKeyMultibase}`;
  return { ...exported, id: `${controller}#${exported.publicKeyMultibase}`, controller };
}

const keyPairOf = (key) => multikeyOf(key.publicKeyMultibase).from(key);

// The method of a did:key, and its controller document.
const methodOf = (multibase) => ({
  '@context': MULTIKEY_CONTEXT,
  id: `did:key:${multibase}#${multibase}`,
  type: 'Multikey',
  controller: `did:key:${multibase}`,
  publicKeyMultibase: multibase,
});

function didKeyDocument(url) {
  const [did, fragment] = url.split('#');
  const multibase = did.slice('did:key:'.length);
  const method = methodOf(multibase);
  if (fragment) return method;
  return {
    '@context': ['https://www.w3.org/ns/did/v1', MULTIKEY_CONTEXT],
    id: did,
    verificationMethod: [method],
    assertionMethod: [method.id],
    authentication: [method.id],
  };
}

// Documents come from the order, from the package of contexts, or from the identifier itself; nothing is fetched.
function loaderOf(order) {
  const given = new Map([...credentialsContexts, ...Object.entries(order.documents ?? {})]);
  return async (url) => {
    if (given.has(url)) return { contextUrl: null, documentUrl: url, document: given.get(url) };
    if (url.startsWith('did:key:')) return { contextUrl: null, documentUrl: url, document: didKeyDocument(url) };
    return vc.defaultDocumentLoader(url);
  };
}

const wholeDocument = { 'eddsa-rdfc-2022': eddsaRdfc2022, 'ecdsa-rdfc-2019': ecdsaRdfc2019 };

async function signatureSuite(order) {
  const signer = (await keyPairOf(order.key)).signer();
  const cryptosuite =
    wholeDocument[order.cryptosuite] ??
    ecdsaSd2023.createSignCryptosuite({ mandatoryPointers: order.mandatory_pointers });
  return new DataIntegrityProof({ signer, cryptosuite });
}

async function issue(order) {
  const suite = await signatureSuite(order);
  return { credential: await vc.issue({ credential: order.credential, suite, documentLoader: loaderOf(order) }) };
}

// Shows only what the pointers name, of a credential with an ecdsa-sd-2023 base proof.
async function derive(order) {
  const cryptosuite = ecdsaSd2023.createDiscloseCryptosuite({ selectivePointers: order.pointers });
  const suite = new DataIntegrityProof({ cryptosuite });
  const verifiableCredential = order.credential;
  return { credential: await vc.derive({ verifiableCredential, suite, documentLoader: loaderOf(order) }) };
}

async function present(order) {
  const { challenge, domain, credentials: verifiableCredential } = order;
  const presentation = vc.createPresentation({ verifiableCredential, holder: order.key.controller, verify: false });
  const suite = await signatureSuite(order);
  const documentLoader = loaderOf(order);
  return { presentation: await vc.signPresentation({ presentation, suite, challenge, domain, documentLoader }) };
}

const verifiers = () =>
  [eddsaRdfc2022, ecdsaRdfc2019, ecdsaSd2023.createVerifyCryptosuite()].map(
    (cryptosuite) => new DataIntegrityProof({ cryptosuite }),
  );

// Every message of an error and of those within it.
function reasons(error) {
  const within = [...(error?.errors ?? []), error?.cause].filter(Boolean);
  return [error?.message, ...within.flatMap((inner) => reasons(inner))].filter(Boolean);
}

async function verify(order) {
  const common = {
    suite: verifiers(),
    documentLoader: loaderOf(order),
    // Status lists are compared elsewhere: this package has none.
    checkStatus: async () => ({ verified: true }),
  };
  const result = order.presentation
    ? await vc.verify({ ...common, presentation: order.presentation, challenge: order.challenge, domain: order.domain })
    : await vc.verifyCredential({ ...common, credential: order.credential });
  if (result.verified) return { accepted: true };
  const results = [result, result.presentationResult, ...(result.credentialResults ?? []), ...(result.results ?? [])];
  const found = results.flatMap((part) => reasons(part?.error));
  return { accepted: false, reason: [...new Set(found)].join('; ') || 'no reason given' };
}

const order = JSON.parse(await text(process.stdin));
const work = { 'make-key': makeKey, issue, derive, present, verify };
console.log(JSON.stringify(await work[order.work](order)));
