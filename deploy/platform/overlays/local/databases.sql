-- At the first start of an empty volume, as the administrator. The passwords are in the server's environment.
\getenv mlflow_password MLFLOW_PASSWORD
\getenv switchyard_password SWITCHYARD_PASSWORD
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow_password';
CREATE DATABASE mlflow OWNER mlflow;
REVOKE CONNECT ON DATABASE mlflow FROM PUBLIC;
CREATE ROLE switchyard LOGIN PASSWORD :'switchyard_password';
CREATE DATABASE switchyard OWNER switchyard;
REVOKE CONNECT ON DATABASE switchyard FROM PUBLIC;
