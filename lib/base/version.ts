/** The version of this package; a test holds it equal to both manifests'. */
export const VERSION = "0.1.0";
