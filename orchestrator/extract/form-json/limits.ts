/** A form's XML beyond this is set aside: real ones are about 11 KB, HQ itself refuses submissions long before. */
export const MAX_XML_BYTES = 64 * 1024 * 1024;

/** Deeper XML is hostile: no form nests so far, and whatever walks the tree later must not overflow. */
export const MAX_DEPTH = 1_000;

/**
 * More tags (start and end) and attributes than this are hostile: each new name costs a microsecond or more, and a process that reads
 * six million of them answers nobody for half a minute and loses its leases. Looked at only beyond what any form has.
 */
export const MAX_MARKS = 1_000_000;
export const COUNT_MARKS_FROM_BYTES = 2 * 1024 * 1024;
