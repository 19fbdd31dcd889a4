/**
 * A hook: takes a record, gives it back as it is to be written, or null when it is not to be kept. It sees `_id`, `_rev`,
 * `month`, HQ's own fields by the names of their columns, `indices` of a case, and the free part as `form`, `case_json`
 * or `metadata`. It may change all but _id, _rev, month, domain, doc_type, type and xmlns. One file, no imports, no
 * promises; what it throws sets the record aside (`dimagi-lake quarantine list`).
 */
interface Member {
  readonly _id: string;
  readonly owner_id: string | null;
  readonly case_json: Record<string, unknown>;
}

/** Cases of the training centre are no data of the programme. */
const TRAINING = new Set(['training-centre', 'demo-user-group']);

export default function member(record: Member): Member | null {
  if (TRAINING.has(record.owner_id ?? '')) return null;
  const { case_json: properties } = record;
  const sex =
    typeof properties['sex'] === 'string' ? properties['sex'].trim().toUpperCase() : properties['sex'];
  return { ...record, case_json: { ...properties, sex } };
}
