/** A key pair made by cosign 3.1.3 with the password "test", and signatures that it made with it. */

import { decodeBase64, encodeText } from "../../lib/base/bytes.ts";
import { preAuthenticationEncoding, type SignedMessage } from "./cosign_keys.ts";

export const GOLDEN_PRIVATE_KEY = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiIwYnBJNHZCNEJLVnVPZ3VpcVdRVk1rZ0p1Z3FscVEy
S3Nhbm5qRVNta3NZPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiI5R3J3aERPQnVMblZYbk90SzRhVTA2L0RkVXc5K3RnVyJ9LCJj
aXBoZXJ0ZXh0IjoiSTJ3ZVNXQldkTXMvTGRvTDFrbThZWG90UE1DVGVqU2luaEQv
bVZRZy9tajdZenFNWFZvOERvNkczMUQyUFpQaUVrMVE3UEdodzBsd3I2QWxWaTM4
TnFCakRobk1ubFAwWXZ0OUpNSjNkMVhoaVNZRFUvL0tvMUN5TWwzbVZnN1NRRGhP
UG11bS8zTUk3cUhRSkhzdVpPTzdwRmxpMFJxSVRqeXhpeHpPZGl5L2N1eDh2clNP
OTVVSjkwYmZHd0VpeWRXSHoyamlMS1hJQ0E9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`;

export const GOLDEN_PASSWORD: Uint8Array = encodeText("test");

/** The randomness that cosign drew for it. */
export const GOLDEN_SALT: Uint8Array = decodeBase64("0bpI4vB4BKVuOguiqWQVMkgJugqlqQ2KsannjESmksY=");
export const GOLDEN_NONCE: Uint8Array = decodeBase64("9GrwhDOBuLnVXnOtK4aU06/DdUw9+tgW");

export const GOLDEN_PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9tcX9tW/5QI3KVwbXznHd6h3ZfNU
7diOsNNhEaf1Q4QKzU3pXqj3zpT48ADoT7tDLn17ZFAGi3kiDyvjLxPMvA==
-----END PUBLIC KEY-----
`;

/** The statement in a bundle. */
export const GOLDEN_STATEMENT: SignedMessage = {
  message: preAuthenticationEncoding(
    "application/vnd.in-toto+json",
    '{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":' +
      '"f79eda53605381f53814462436878ebc3400e1413b7a9bc5382901e27d999583"},' +
      '"annotations":{"env":"prod"}}],' +
      '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}',
  ),
  signature: decodeBase64(
    "MEUCIDMYWmPjlrqSO77VuX6j0u9/gvvpDYoHyyXE6FBRLLv6AiEA5NjLAxRJ5OSaVJVbRvMDvhSfeyAml+WIsjrMpIeF2S8=",
  ),
};

/** The payload of a legacy signature. */
export const GOLDEN_PAYLOAD: SignedMessage = {
  message: encodeText(
    '{"critical":{"identity":{"docker-reference":"localhost:15000/app"},"image":' +
      '{"docker-manifest-digest":' +
      '"sha256:985aa042d0d5a179828a05981a733395f95a2e3ef1d90844d54c4ccb0438bfa1"},' +
      '"type":"cosign container image signature"},"optional":{"env":"prod"}}',
  ),
  signature: decodeBase64(
    "MEUCIQCNn+mF1zmsrvZnYswwJPTpvdCJgz1ZcPtWXO46b7xp2wIgE0BfR6n1X+bTLj9ntTDLdv0AIh3KBoSBuZVuatP0gx0=",
  ),
};
