/**
 * What `doctor` looks at: every variable as it stands, valid or not, because the doctor's work is to say what is
 * wrong. An empty variable is an unset one.
 */
export type DoctorEnvironment = Readonly<Record<string, string>>;

export function readDoctorEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): DoctorEnvironment {
  return Object.fromEntries(
    Object.entries(source).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    ),
  );
}
