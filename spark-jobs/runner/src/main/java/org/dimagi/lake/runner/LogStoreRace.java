package org.dimagi.lake.runner;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Proof that a storage keeps what {@link PutIfAbsentLogStore} promises: several processes put the same names, and
 * afterwards each name must be held by exactly the one that was told it had won.
 *
 * <ul>
 *   <li>{@code race <dir uri> <writer>}: prints {@code ready}, then for each number on stdin puts that name and prints
 *       {@code won} or {@code lost}, until stdin ends; told the same number at one moment, the writers collide (left
 *       alone, one would run ahead and never be contested)
 *   <li>{@code verify <dir uri> <names>}: prints {@code {"owners":[writer|"torn"|null…],"litter":n}}
 *   <li>{@code delete <dir uri>}
 * </ul>
 *
 * Storage settings are the drivers' own: system properties {@code spark.hadoop.*}, credentials by environment.
 */
public final class LogStoreRace {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String HADOOP = "spark.hadoop.";
  /** Long enough that a half-written object would show. */
  private static final int LINES = 60;

  private final Configuration hadoop = hadoopSettings();
  private final Path log;

  private LogStoreRace(String dir) {
    this.log = new Path(new Path(URI.create(dir)), "_delta_log");
  }

  public static void main(String[] args) throws IOException {
    LogStoreRace race = new LogStoreRace(args[1]);
    switch (args[0]) {
      case "race" -> race.race(args[2]);
      case "verify" -> System.out.println(JSON.writeValueAsString(race.verify(Integer.parseInt(args[2]))));
      case "delete" -> race.files().delete(race.log.getParent(), true);
      default -> throw new IllegalArgumentException("race, verify or delete, not " + args[0]);
    }
    System.exit(0);
  }

  private void race(String writer) throws IOException {
    PutIfAbsentLogStore store = new PutIfAbsentLogStore(hadoop);
    PutIfAbsentLogStore.requireKnown(log, hadoop);
    files().mkdirs(log);
    System.out.println("ready");
    BufferedReader names = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = names.readLine()) != null; ) {
      System.out.println(put(store, Integer.parseInt(line), writer) ? "won" : "lost");
    }
  }

  private boolean put(PutIfAbsentLogStore store, int name, String writer) throws IOException {
    try {
      store.write(path(name), content(name, writer).iterator(), false, hadoop);
      return true;
    } catch (FileAlreadyExistsException taken) {
      return false;
    }
  }

  private Map<String, Object> verify(int names) throws IOException {
    List<String> owners = new ArrayList<>();
    for (int name = 0; name < names; name++) owners.add(owner(name));
    FileStatus[] standing = files().listStatus(log);
    long commits = Arrays.stream(standing).filter(one -> one.getPath().getName().matches("\\d{20}\\.json")).count();
    return Map.of("owners", owners, "litter", standing.length - commits);
  }

  private String owner(int name) throws IOException {
    String text;
    try {
      text = HadoopText.read(path(name), hadoop);
    } catch (FileNotFoundException absent) {
      return null;
    }
    int space = text.indexOf(' ');
    String writer = space < 0 ? "" : text.substring(0, space);
    return text.equals(String.join("\n", content(name, writer)) + "\n") ? writer : "torn";
  }

  private static List<String> content(int name, String writer) {
    List<String> lines = new ArrayList<>();
    for (int line = 0; line < LINES; line++) lines.add(writer + " put name " + name + ", line " + line);
    return lines;
  }

  private Path path(int name) {
    return new Path(log, String.format("%020d.json", name));
  }

  private FileSystem files() throws IOException {
    return log.getFileSystem(hadoop);
  }

  private static Configuration hadoopSettings() {
    Configuration settings = new Configuration();
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith(HADOOP)) settings.set(name.substring(HADOOP.length()), System.getProperty(name));
    }
    return settings;
  }
}
