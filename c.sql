select/*a*/1 from t where a/**/=1; select E'it\'s; x' from t; select 1 -- c;
;select 2