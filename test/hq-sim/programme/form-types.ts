/** The five forms of the programme's app: xmlns, title, and the name lake.yaml gives each. */
export const FORM_TYPES = {
  service_enrollment: {
    xmlns: 'http://openrosa.org/formdesigner/33EBE6E1-28FE-4F59-89D0-200E66ECA6F5',
    title: 'Service Enrolment',
  },
  child_weight_height: {
    xmlns: 'http://openrosa.org/formdesigner/B2CA7D25-6E1A-4D0B-9A86-7F3A52C6F101',
    title: 'Weight and Height',
  },
  child_snd: {
    xmlns: 'http://openrosa.org/formdesigner/7D0E3B9C-51C8-4C0E-8E5F-0B6A4F4D2C12',
    title: 'Supplementary Nutrition',
  },
  child_thr: {
    xmlns: 'http://openrosa.org/formdesigner/E4A1F6D3-2B97-4F3C-BF0A-9C1D8E7A5B23',
    title: 'Take Home Ration',
  },
  home_visit: {
    xmlns: 'http://openrosa.org/formdesigner/5C8D2A41-93EF-4B6D-A7C2-1E0F3D4B6A34',
    title: 'Home Visit',
  },
} as const;

export type FormType = keyof typeof FORM_TYPES;
