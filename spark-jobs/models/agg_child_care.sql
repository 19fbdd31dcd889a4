-- Purpose: children of the month and what they got, summed up by location at every level, age group and gender.
-- Reads: child_care_monthly of the month. Grain: location at a level, age_group, gender. Safe to re-run: a SELECT.
{%- assign measures = 'children_in_month,alive_in_month,thr_eligible,pse_eligible,gm_eligible,born_in_month,thr_25_days,pse_25_days,snd_25_days,weight_measured_in_month,height_measured_in_month,weight_height_measured_in_month,hfa_severe_in_month,hfa_moderate_in_month,hfa_normal_in_month,wfh_severe_in_month,wfh_moderate_in_month,wfh_normal_in_month,wfa_severe_in_month,wfa_moderate_in_month,wfa_normal_in_month,immediate_bf_in_month,born_and_weighed_in_month,low_birth_weight_in_month' | split: ',' %}
{%- assign flags = 'alive_in_month,thr_eligible,pse_eligible,gm_eligible,born_in_month' | split: ',' %}
{%- assign gradings = 'hfa,wfh,wfa' | split: ',' %}
WITH deepest AS (
  SELECT
    {%- for level in levels %}
    {{ level.id }},
    max({{ level.name }}) AS {{ level.name }},
    max({{ level.site_code }}) AS {{ level.site_code }},
    {%- endfor %}
    age_group,
    gender,
    count(*) AS children_in_month,
    {%- for flag in flags %}
    sum({{ flag | identifier }}) AS {{ flag | identifier }},
    {%- endfor %}
    count_if(thr_eligible = 1 AND days_thr_given >= 25) AS thr_25_days,
    count_if(pse_eligible = 1 AND days_pse_attended >= 25) AS pse_25_days,
    count_if(pse_eligible = 1 AND days_snd_given >= 25) AS snd_25_days,
    count_if(weight IS NOT NULL) AS weight_measured_in_month,
    count_if(height IS NOT NULL) AS height_measured_in_month,
    count_if(weight IS NOT NULL AND height IS NOT NULL) AS weight_height_measured_in_month,
    {%- for grading in gradings %}
    {%- assign column = 'zscore_grading_' | append: grading %}
    count_if({{ column | identifier }} = 'red') AS {{ grading | append: '_severe_in_month' | identifier }},
    count_if({{ column | identifier }} = 'yellow') AS {{ grading | append: '_moderate_in_month' | identifier }},
    count_if({{ column | identifier }} = 'green') AS {{ grading | append: '_normal_in_month' | identifier }},
    {%- endfor %}
    count_if(born_in_month = 1 AND immediate_bf = 1) AS immediate_bf_in_month,
    count_if(born_in_month = 1 AND birth_weight IS NOT NULL) AS born_and_weighed_in_month,
    count_if(born_in_month = 1 AND low_birth_weight = 1) AS low_birth_weight_in_month
  FROM child_care_monthly
  WHERE month = {{ month }}
  GROUP BY
    {%- for level in levels %}
    {{ level.id }},
    {%- endfor %}
    age_group,
    gender
),

-- One set per level, the sums of the level below taken together. A null location stays one: it is not a roll-up.
rolled_up AS (
  SELECT
    {{ deepest.number }}{% for level in levels %} - grouping({{ level.id }}){% endfor %} AS location_level,
    {%- for level in levels %}
    CASE WHEN grouping({{ level.id }}) = 1 THEN 'ALL' ELSE {{ level.id }} END AS {{ level.id }},
    CASE WHEN grouping({{ level.id }}) = 1 THEN 'ALL' ELSE max({{ level.name }}) END AS {{ level.name }},
    CASE WHEN grouping({{ level.id }}) = 1 THEN 'ALL' ELSE max({{ level.site_code }}) END AS {{ level.site_code }},
    {%- endfor %}
    age_group,
    gender,
    {%- for measure in measures %}
    sum({{ measure | identifier }}) AS {{ measure | identifier }}{% unless forloop.last %},{% endunless %}
    {%- endfor %}
  FROM deepest
  GROUP BY GROUPING SETS (
    {%- for bottom in levels %}
    ({% for level in levels %}{% if level.number <= bottom.number %}{{ level.id }}, {% endif %}{% endfor %}age_group, gender){% unless forloop.last %},{% endunless %}
    {%- endfor %}
  )
)

SELECT
  {{ domain }} AS domain,
  {{ month }} AS month,
  rolled_up.*
FROM rolled_up
