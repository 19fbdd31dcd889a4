package org.dimagi.lake.runner;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Small UTF-8 files on any storage that Hadoop reaches, named by URI. */
final class HadoopText {
  private HadoopText() {}

  static String read(String uri, Configuration hadoop) throws IOException {
    return read(path(uri), hadoop);
  }

  static String read(Path path, Configuration hadoop) throws IOException {
    try (InputStream in = path.getFileSystem(hadoop).open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Written under another name, then renamed: a reader sees all of it or nothing. */
  static void write(String uri, String text, Configuration hadoop) throws IOException {
    Path target = path(uri);
    Path draft = new Path(target.getParent(), "." + target.getName() + ".draft");
    FileSystem files = target.getFileSystem(hadoop);
    try (OutputStream out = files.create(draft, true)) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
    if (!files.rename(draft, target)) throw new IOException("could not rename " + draft + " to " + target);
  }

  /** From an encoded URI; Hadoop's own string constructor would take {@code %20} for three characters. */
  private static Path path(String uri) {
    return new Path(URI.create(uri));
  }
}
