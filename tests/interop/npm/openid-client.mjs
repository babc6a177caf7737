// openid-client as a bank's program: one order on standard input, one answer on standard output, both JSON.
import { webcrypto } from 'node:crypto';
import { text } from 'node:stream/consumers';
import * as client from 'openid-client';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };
const ES256 = 'ES256';

// What stands between the bank and the provider: it alters an ID token on its way.
const altering = (alter) => async (url, options) => {
  const answered = await fetch(url, options);
  if (!alter || !String(url).endsWith('/token') || !answered.ok) return answered;
  const tokens = await answered.json();
  const [header, payload, signature] = tokens.id_token.split('.');
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), ...alter };
  tokens.id_token = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  return Response.json(tokens);
};

async function configured(order) {
  const key = await webcrypto.subtle.importKey('jwk', order.key, P256, false, ['sign']);
  const metadata = { id_token_signed_response_alg: ES256 };
  const options = { execute: [client.allowInsecureRequests] };
  const proof = client.PrivateKeyJwt(key);
  const config = await client.discovery(new URL(order.issuer), order.client_id, metadata, proof, options);
  config[client.customFetch] = altering(order.alter);
  // The signature too, which the code flow over TLS would not need.
  client.enableNonRepudiationChecks(config);
  return config;
}

async function begin(order) {
  const config = await configured(order);
  const code_verifier = client.randomPKCECodeVerifier();
  const kept = { code_verifier, state: client.randomState(), nonce: client.randomNonce() };
  const url = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: order.redirect_uri,
    scope: order.scope,
    claims: JSON.stringify(order.claims),
    code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
    state: kept.state,
    nonce: kept.nonce,
  });
  return { url: url.href, kept };
}

async function finish(order) {
  const config = await configured(order);
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(ES256));
  const checks = {
    pkceCodeVerifier: order.kept.code_verifier,
    expectedState: order.kept.state,
    expectedNonce: order.kept.nonce,
    idTokenExpected: true,
  };
  const tokens = await client.authorizationCodeGrant(config, new URL(order.callback), checks, undefined, { DPoP });
  const id_token = tokens.claims();
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, id_token.sub, { DPoP });
  return { id_token, userinfo, token_type: tokens.token_type };
}

const order = JSON.parse(await text(process.stdin));
let answer;
try {
  answer = { accepted: true, ...(await { begin, finish }[order.work](order)) };
} catch (error) {
  const reasons = [error.error, error.code, error.message, error.cause?.message, error.error_description];
  answer = { accepted: false, reason: reasons.filter(Boolean).join(': ') };
}
process.stdout.write(JSON.stringify(answer));
