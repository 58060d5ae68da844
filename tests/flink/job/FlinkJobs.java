// Runs job files on a mini cluster of Flink, all in one JVM; told what to do line by line.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.ExplainDetail;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.Table;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.api.TableResult;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * Standard input has one request a line, its parts between tabs; each is answered by one line, in any order:
 *
 * <pre>
 * run   ID PARALLELISM FILE           ID ok | ID plan MESSAGE | ID run MESSAGE
 * types ID FILE EXPRESSIONS ANSWERS   ID ok: for each line of EXPRESSIONS over the table t that FILE declares a line in
 *                                     ANSWERS: its type as TYPEOF has it and as DDL has it, or "!" and why not
 * </pre>
 *
 * The only argument is how many requests run side by side.
 */
public final class FlinkJobs {
    /** What a job file is cut at: comments and quoted texts in one piece, semicolons. */
    private static final Pattern PIECE =
            Pattern.compile("--[^\\n]*|/\\*(?!\\+).*?\\*/|'[^']*'|`[^`]*`|;|[^-/'`;]+|.", Pattern.DOTALL);

    private static final Pattern SET =
            Pattern.compile("SET\\s+'([^']*)'\\s*=\\s*'((?:[^']|'')*)'", Pattern.CASE_INSENSITIVE);

    private static final int SLOTS = 32;

    /** Flink prints code that does not compile to standard output. */
    private static final PrintStream ANSWERS = System.out;

    private final Configuration configuration;

    private FlinkJobs(Configuration configuration) {
        this.configuration = configuration;
    }

    public static void main(String[] arguments) throws Exception {
        System.setOut(System.err);
        ExecutorService workers = Executors.newFixedThreadPool(Integer.parseInt(arguments[0]));
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (MiniCluster cluster = cluster()) {
            FlinkJobs jobs = new FlinkJobs(remote(cluster));
            answer("ready");
            for (String line = requests.readLine(); line != null; line = requests.readLine()) {
                String[] request = line.split("\t");
                workers.submit(() -> jobs.serve(request));
            }
            workers.shutdownNow();
        }
        System.exit(0);
    }

    private static MiniCluster cluster() throws Exception {
        Configuration memory = new Configuration();
        memory.setString("taskmanager.memory.managed.size", "1g");
        memory.setString("taskmanager.memory.network.min", "128m");
        memory.setString("taskmanager.memory.network.max", "128m");
        memory.setString("rest.port", "0");
        memory.setString("rest.bind-address", "127.0.0.1");
        memory.setString("rest.address", "127.0.0.1");
        memory.setString("restart-strategy.type", "none");
        MiniCluster cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(memory)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(SLOTS)
                .build());
        cluster.start();
        return cluster;
    }

    private static Configuration remote(MiniCluster cluster) throws Exception {
        Configuration remote = new Configuration();
        remote.setString("execution.target", "remote");
        remote.setString("rest.address", "127.0.0.1");
        remote.setString("rest.port", String.valueOf(cluster.getRestAddress().get().getPort()));
        remote.setString("restart-strategy.type", "none");
        remote.setString("table.local-time-zone", "UTC");
        return remote;
    }

    private void serve(String[] request) {
        String id = request[1];
        try {
            if (request[0].equals("run")) {
                answer(id + "\t" + run(Integer.parseInt(request[2]), Files.readString(Path.of(request[3]))));
            } else {
                types(Path.of(request[2]), Path.of(request[3]), Path.of(request[4]));
                answer(id + "\tok");
            }
        } catch (Throwable wrong) {
            answer(id + "\trunner\t" + rootCause(wrong));
        }
    }

    private TableEnvironment environment(int parallelism) {
        Configuration own = new Configuration(configuration);
        own.setString("parallelism.default", String.valueOf(parallelism));
        return TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(own).build());
    }

    private String run(int parallelism, String script) {
        TableEnvironment environment = environment(parallelism);
        StatementSet open = null;
        TableResult running = null;
        try {
            for (String statement : statements(script)) {
                Matcher set = SET.matcher(statement);
                if (set.matches()) {
                    environment.getConfig().set(set.group(1), set.group(2).replace("''", "'"));
                } else if (statement.matches("(?is)BEGIN\\s+STATEMENT\\s+SET")) {
                    open = environment.createStatementSet();
                } else if (open != null && statement.equalsIgnoreCase("END")) {
                    running = open.execute();
                    open = null;
                } else if (open != null) {
                    open.addInsertSql(statement);
                } else {
                    running = environment.executeSql(statement);
                }
                if (running != null && running.getJobClient().isPresent()) {
                    running.await();
                }
                running = null;
            }
            return "ok";
        } catch (Throwable wrong) {
            return (running == null ? "plan\t" : "run\t") + rootCause(wrong);
        }
    }

    private void types(Path file, Path expressions, Path answers) throws Exception {
        TableEnvironment environment = environment(1);
        List<String> script = statements(Files.readString(file));
        for (String statement : script) {
            environment.executeSql(statement);
        }
        List<String> told = new ArrayList<>();
        for (String expression : Files.readAllLines(expressions)) {
            try {
                Table table = environment.sqlQuery("SELECT " + expression + " AS x FROM t");
                // Plans and generates code, too.
                table.explain(ExplainDetail.JSON_EXECUTION_PLAN);
                LogicalType type = table.getResolvedSchema().getColumnDataTypes().get(0).getLogicalType();
                told.add(type.asSummaryString() + "\t" + declared(type));
            } catch (Throwable wrong) {
                told.add("!" + rootCause(wrong));
            }
        }
        Files.write(answers, told);
    }

    /** As DDL has it; a text without characters has no type there. */
    private static String declared(LogicalType type) {
        try {
            return type.asSerializableString();
        } catch (TableException nothing) {
            return "STRING";
        }
    }

    /** The statements of a file without their comments; a statement set is one. */
    private static List<String> statements(String script) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        Matcher piece = PIECE.matcher(script);
        while (piece.find()) {
            String text = piece.group();
            if (text.startsWith("--") || text.startsWith("/*") && !text.startsWith("/*+")) {
                statement.append(' ');
            } else if (!text.equals(";")) {
                statement.append(text);
            } else if (statement.toString().matches("(?is)\\s*EXECUTE\\s+STATEMENT\\s+SET\\b.*")
                    && !statement.toString().matches("(?is).*;\\s*END\\s*")) {
                statement.append(";\n");
            } else {
                statements.add(statement.toString().strip());
                statement.setLength(0);
            }
        }
        statements.add(statement.toString().strip());
        statements.removeIf(String::isEmpty);
        return statements;
    }

    private static String rootCause(Throwable wrong) {
        Throwable root = wrong;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        String message = String.valueOf(root.getMessage()).strip().replace('\t', ' ').replace("\n", " | ");
        return root.getClass().getSimpleName() + ": " + message;
    }

    private static synchronized void answer(String line) {
        ANSWERS.println(line);
        ANSWERS.flush();
    }
}
