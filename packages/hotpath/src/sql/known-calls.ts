const words = (text: string): readonly string[] => text.split(/\s+/).filter(word => word !== '')

/** Words before a parenthesis that are no functions, and functions of PostgreSQL that everybody knows. */
export const KNOWN_CALLS: ReadonlySet<string> = new Set(
  words(
    `and or not in any all some exists values using on as from join where having select by then else when
  over filter within partition array row union except intersect materialized with is distinct between like
  count sum avg min max coalesce nullif greatest least lower upper length trim concat substring substr
  round floor ceil abs now date_trunc extract to_char cast json_agg jsonb_agg array_agg string_agg
  json_build_object jsonb_build_object row_to_json to_json to_jsonb row_number rank dense_rank lag lead
  unnest generate_series regexp_replace split_part replace varchar char numeric decimal timestamp
  timestamptz time bit character bpchar interval lateral limit offset case set_config`,
  ),
)

/** More of both databases that write nothing: where no catalog tells what a function does. */
export const HARMLESS_CALLS: ReadonlySet<string> = new Set([
  ...KNOWN_CALLS,
  ...words(
    `if ifnull isnull concat_ws group_concat date_format str_to_date unix_timestamp from_unixtime datediff
  timestampdiff timestampadd date_add date_sub adddate subdate date time year quarter month week weekday day
  dayofweek dayofmonth dayofyear hour minute second microsecond curdate curtime current_date current_time
  current_timestamp localtime localtimestamp utc_timestamp sysdate last_day makedate maketime to_days
  sec_to_time time_to_sec time_format json_extract json_unquote json_object json_array json_arrayagg
  json_objectagg json_contains json_length json_keys json_search json_value json_table json_set json_valid
  left right lpad rpad ltrim rtrim locate instr position reverse repeat space insert elt field find_in_set
  format hex unhex bin oct ascii ord conv char_length character_length octet_length bit_length ucase lcase mid
  truncate mod div pow power sqrt exp ln log log2 log10 sign ceiling rand pi sin cos tan asin acos atan
  atan2 cot degrees radians crc32 md5 sha1 sha2 uuid uuid_to_bin bin_to_uuid inet_aton inet_ntoa convert
  binary stddev variance std stddev_pop stddev_samp var_pop var_samp bit_and bit_or bit_xor first_value
  last_value nth_value ntile percent_rank cume_dist match against grouping any_value regexp_like regexp_instr
  regexp_substr soundex strcmp key index force use ignore separator unsigned signed decimal collate
  version database schema user found_rows row_count last_insert_id connection_id
  trunc random date_part age make_date make_interval to_date to_timestamp to_number justify_days
  array_length array_position array_to_string array_remove array_append array_cat cardinality string_to_array
  string_to_table regexp_matches regexp_match regexp_split_to_array regexp_split_to_table initcap btrim
  strpos starts_with translate encode decode digest gen_random_uuid overlay quote_ident quote_literal
  json_build_array jsonb_build_array json_array_elements jsonb_array_elements json_array_elements_text
  jsonb_array_elements_text json_each jsonb_each json_each_text jsonb_each_text json_object_keys
  jsonb_object_keys jsonb_set jsonb_path_query jsonb_path_exists json_typeof jsonb_typeof json_array_length
  jsonb_array_length jsonb_object_agg json_object_agg bool_and bool_or every mode percentile_cont
  percentile_disc corr to_tsvector to_tsquery plainto_tsquery websearch_to_tsquery phraseto_tsquery ts_rank
  ts_rank_cd ts_headline similarity word_similarity st_distance st_within st_contains st_intersects st_dwithin
  st_makepoint st_setsrid st_x st_y st_asgeojson st_astext point width_bucket num_nonnulls pg_typeof
  current_setting current_schema obj_description col_description format_type pg_get_expr`,
  ),
])
