// Runs a job file on Flink in this JVM: the counterpart of `narthex run` in the benchmark.

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

public final class RunSql {
    private static final Pattern SET = Pattern.compile("SET '(.*)' = '(.*)'");

    private RunSql() {}

    /** The file, and how many tasks an operator has. Statements end with a semicolon at a line's end. */
    public static void main(String[] args) throws Exception {
        Configuration configuration = new Configuration();
        configuration.setString("parallelism.default", args[1]);
        configuration.setString("table.local-time-zone", "UTC");
        configuration.setString("rest.port", "0");
        TableEnvironment env = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        for (String statement : Files.readString(Path.of(args[0])).replaceAll("(?m)^--.*$", "").split(";\\s*\\n")) {
            Matcher set = SET.matcher(statement.strip());
            if (set.matches()) {
                env.getConfig().set(set.group(1), set.group(2));
            } else if (statement.strip().startsWith("INSERT")) {
                env.executeSql(statement).await();
            } else if (!statement.isBlank()) {
                env.executeSql(statement);
            }
        }
        System.exit(0); // threads of the mini cluster would go on for a while
    }
}
