import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** A deep blue of its own: white on its shades 6 and 7 is above 4.5:1. */
const lake: MantineColorsTuple = [
  '#e6f3fb',
  '#cfe4f3',
  '#a0c9e6',
  '#79b7e3',
  '#4b9ed6',
  '#2488c9',
  '#1276b5',
  '#0b629a',
  '#07527f',
  '#034064',
];

export const theme = createTheme({
  primaryColor: 'lake',
  colors: { lake },
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  fontSizes: { xs: '12.5px', sm: '14px', md: '15px', lg: '17px', xl: '20px' },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  headings: { sizes: { h1: { fontSize: '22px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' } } },
});

/** Mantine's grey of quiet texts and its anchors are too pale for small type. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#525b66',
    '--mantine-color-body': '#ffffff',
    '--mantine-color-text': '#1a1f24',
    '--mantine-color-anchor': '#0b5c91',
    '--mantine-color-placeholder': '#626b76',
    '--mantine-color-error': '#a31621',
  },
  dark: {
    '--mantine-color-dimmed': '#a9b2bc',
    '--mantine-color-body': '#1c2024',
    '--mantine-color-text': '#e3e7eb',
    '--mantine-color-anchor': '#85c4f0',
    '--mantine-color-placeholder': '#9aa4af',
    '--mantine-color-error': '#ff9c9c',
  },
});
