-- Purpose: the last weight, height and grades of each child in the month, each on its own: they may be of different forms.
-- Reads: raw_child_weight_height_form of the month. Grain: child_case_id, month. Safe to re-run: a SELECT.
{%- assign measures = 'weight,height,zscore_grading_hfa,zscore_grading_wfh,zscore_grading_wfa' | split: ',' %}
WITH forms AS (
  SELECT
    `form__case_child_care_case_0__case__@case_id` AS child_case_id,
    form__meta__timeEnd AS ended,
    form__weight AS weight,
    form__height AS height,
    -- An answer of '' is none.
    nullif(form__height_provided__zscore_grading_hfa, '') AS zscore_grading_hfa,
    nullif(form__height_provided__zscore_grading_wfh, '') AS zscore_grading_wfh,
    nullif(form__weight_provided__zscore_grading_wfa, '') AS zscore_grading_wfa,
    -- The later form counts; one without timeEnd comes before all that have one.
    struct(form__meta__timeEnd, received_on, _id) AS place
  FROM raw_child_weight_height_form
  WHERE month = {{ month }}
    AND `form__case_child_care_case_0__case__@case_id` <> ''
),

last_values AS (
  SELECT
    child_case_id,
    {%- for measure in measures %}
    max_by(struct({{ measure | identifier }} AS value, ended), place)
      FILTER (WHERE {{ measure | identifier }} IS NOT NULL) AS {{ measure | identifier }}{% unless forloop.last %},{% endunless %}
    {%- endfor %}
  FROM forms
  GROUP BY child_case_id
)

SELECT
  {{ domain }} AS domain,
  {{ month }} AS month,
  child_case_id,
  {%- for measure in measures %}
  {{ measure | identifier }}.value AS {{ measure | identifier }},
  {{ measure | identifier }}.ended AS {{ measure | prepend: 'last_' | append: '_recorded_date' | identifier }}{% unless forloop.last %},{% endunless %}
  {%- endfor %}
FROM last_values
