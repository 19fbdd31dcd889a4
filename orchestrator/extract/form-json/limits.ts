/** A form's XML beyond this is set aside: real ones are about 11 KB, HQ itself refuses submissions long before. */
export const MAX_XML_BYTES = 64 * 1024 * 1024;

/** Deeper XML is hostile: no form nests so far, and whatever walks the tree later must not overflow. */
export const MAX_DEPTH = 1_000;
